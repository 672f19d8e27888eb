'use strict';

// Lets functions start from a snapshot in stages with `snapStart: on`: those that `custom.snapshots` lists. osls gives each a
// published version and an alias, which API Gateway calls. Lambda makes a snapshot of a published version only.

class Snapshots {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { initialize: () => this.mark() };
  }

  mark() {
    const { service, instanceId } = this.serverless;
    const { snapStart, functions } = service.custom.snapshots;
    if (snapStart !== 'on') return;
    for (const name of functions) {
      // osls publishes a new version only if the code or a setting differs. With another description each time, deploying
      // the same commit again restarts these Lambdas too, which then read changed secrets.
      Object.assign(service.getFunction(name), { snapStart: true, description: `Deployment ${instanceId}` });
    }
  }
}

module.exports = Snapshots;
