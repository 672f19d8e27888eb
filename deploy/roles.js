'use strict';

// A role for each function: what stands under its `iamRoleStatements`, and what every function does, which is
// to write its own log and its traces. Statements that osls knows at the provider go to all functions alike.

const STATEMENTS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['Effect', 'Action', 'Resource'],
    additionalProperties: false,
    properties: { Effect: { const: 'Allow' }, Action: {}, Resource: {} },
  },
};

class Roles {
  constructor(serverless) {
    this.serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: { iamRoleStatements: STATEMENTS },
    });
    this.hooks = { initialize: () => this.giveRoles() };
  }

  giveRoles() {
    const { service } = this.serverless;
    for (const name of service.getAllFunctions()) {
      const settings = service.getFunction(name);
      settings.role = `${this.naming.getNormalizedFunctionName(name)}Role`;
      service.resources.Resources[settings.role] = this.role(name, settings.iamRoleStatements || []);
    }
  }

  get naming() {
    return this.serverless.getProvider('aws').naming;
  }

  role(name, statements) {
    return {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: policy([
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ]),
        Policies: [
          { PolicyName: 'function', PolicyDocument: policy([...this.ofEveryFunction(name), ...statements]) },
        ],
      },
    };
  }

  ofEveryFunction(name) {
    return [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [this.naming.getLogGroupLogicalId(name), 'Arn'] },
      },
      // X-Ray knows no resources
      { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
    ];
  }
}

function policy(statements) {
  return { Version: '2012-10-17', Statement: statements };
}

module.exports = Roles;
