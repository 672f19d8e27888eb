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
    // a new deployment, under a new name, with every package
    const [name, deployment] = Object.entries(resources).find(
      ([, resource]) => resource.Type === 'AWS::ApiGateway::Deployment',
    );
    delete deployment.Properties.StageName;
    resources.ApiGatewayStage.Properties.DeploymentId = { Ref: name };
  }
}

module.exports = Stage;
