'use strict';

// API Gateway's stage as a resource of its own, the `ApiGatewayStage` of gateway.yml, so that it can have limits.
// osls has the deployment make the stage, which takes none, and leaves its settings to calls after the deployment.

class Stage {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { 'after:aws:package:finalize:mergeCustomProviderResources': () => this.takeOver() };
  }

  takeOver() {
    const resources = this.serverless.service.provider.compiledCloudFormationTemplate.Resources;
    // A new deployment, under a new name, with every package. So osls, which skips what has not changed, deploys
    // the same commit again as well, and Lambdas that start anew read secrets anew.
    const [name, deployment] = Object.entries(resources).find(
      ([, resource]) => resource.Type === 'AWS::ApiGateway::Deployment',
    );
    delete deployment.Properties.StageName;
    resources.ApiGatewayStage.Properties.DeploymentId = { Ref: name };
    // It is a picture of the API at its making: what comes later callers see only with the next one.
    const answers = Object.entries(resources).filter(
      ([, resource]) => resource.Type === 'AWS::ApiGateway::GatewayResponse',
    );
    deployment.DependsOn.push(...answers.map(([answer]) => answer));
  }
}

module.exports = Stage;
