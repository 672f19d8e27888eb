'use strict';

// Puts the functions into the subnets of a stage with `network: vpc`. osls has no condition for `provider.vpc`.

class Vpc {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { initialize: () => this.place() };
  }

  place() {
    const { service } = this.serverless;
    const { network, subnets, securityGroups } = service.custom.functionsNetwork;
    if (network !== 'vpc') return;
    service.provider.vpc = {
      subnetIds: ids(subnets),
      securityGroupIds: [{ Ref: 'FunctionsSecurityGroup' }, ...ids(securityGroups)],
    };
  }
}

function ids(text) {
  return text.split(',').filter(Boolean);
}

module.exports = Vpc;
