'use strict';

// Leaves out functions that a stage does not want: those whose `deployedIf` is `none` or `public`. CloudFormation has
// conditions for resources, but osls writes a function's resources itself, so a condition cannot be given to them in
// serverless.yml.

const UNWANTED = ['none', 'public'];

class Optional {
  constructor(serverless) {
    this.serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: { deployedIf: { enum: [...UNWANTED, 'make', 'vpc'] } },
    });
    this.hooks = { initialize: () => this.leaveOut() };
  }

  leaveOut() {
    const { service } = this.serverless;
    for (const name of service.getAllFunctions()) {
      if (UNWANTED.includes(service.getFunction(name).deployedIf)) delete service.functions[name];
    }
  }
}

module.exports = Optional;
