'use strict';

// Reserved concurrency: how many Lambdas of a function run at once at most, which are then kept for it. A function's
// `concurrency` is a number or "none", so that a stage's parameter can say either; osls itself takes a number alone.

const NONE = 'none';

class Concurrency {
  constructor(serverless) {
    this.serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: {
        concurrency: { anyOf: [{ const: NONE }, { type: 'integer', minimum: 1 }, { type: 'string', pattern: '^[1-9][0-9]*$' }] },
      },
    });
    this.hooks = { initialize: () => this.reserve() };
  }

  reserve() {
    const { service } = this.serverless;
    for (const name of service.getAllFunctions()) {
      const settings = service.getFunction(name);
      const { concurrency = NONE } = settings;
      if (concurrency !== NONE) settings.reservedConcurrency = Number(concurrency);
    }
  }
}

module.exports = Concurrency;
