'use strict';

// Gives each function its own IAM role: its `iamRoleStatements`, and permission to write its log and traces and, in a VPC,
// to have a network interface. osls itself
// has one role for all functions, so every function could do what any of them may do. Without this plugin the
// roles would be some 50 resources of 15 lines in serverless.yml.

const STATEMENTS = {
  type: 'array',
  items: {
    type: 'object',
    required: ['Effect', 'Action', 'Resource'],
    additionalProperties: false,
    properties: { Effect: { const: 'Allow' }, Action: {}, Resource: {}, Condition: {} },
  },
};

// Lambda itself makes a function's network interface in a VPC, with the function's role. AWS cannot limit these actions to a
// resource, because the interface does not exist yet.
const INTERFACES = {
  Effect: 'Allow',
  Action: ['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces'],
  Resource: '*',
};

class Roles {
  constructor(serverless) {
    this.serverless = serverless;
    serverless.configSchemaHandler.defineFunctionProperties('aws', {
      properties: { iamRoleStatements: STATEMENTS },
    });
    this.hooks = { initialize: () => this.addRoles() };
  }

  addRoles() {
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
          { PolicyName: 'function', PolicyDocument: policy([...this.commonStatements(name), ...statements]) },
        ],
      },
    };
  }

  commonStatements(name) {
    return [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [this.naming.getLogGroupLogicalId(name), 'Arn'] },
      },
      // X-Ray's actions cannot be limited to a resource.
      { Effect: 'Allow', Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], Resource: '*' },
      ...(this.serverless.service.provider.vpc ? [INTERFACES] : []),
    ];
  }
}

function policy(statements) {
  return { Version: '2012-10-17', Statement: statements };
}

module.exports = Roles;
