'use strict';

// Makes API Gateway's stage a separate resource, `ApiGatewayStage` in gateway.yml, so that it can have rate limits.
// osls lets the deployment create the stage. Such a stage cannot have limits in the template: osls changes its settings
// by calls after the deployment.

class Stage {
  constructor(serverless) {
    this.serverless = serverless;
    this.hooks = { 'after:aws:package:finalize:mergeCustomProviderResources': () => this.replaceStage() };
  }

  replaceStage() {
    const resources = this.serverless.service.provider.compiledCloudFormationTemplate.Resources;
    // Each package names its deployment differently. So osls never skips a deployment as unchanged. Deploying the
    // same commit again restarts the Lambdas, which then read changed secrets.
    const [name, deployment] = Object.entries(resources).find(
      ([, resource]) => resource.Type === 'AWS::ApiGateway::Deployment',
    );
    delete deployment.Properties.StageName;
    resources.ApiGatewayStage.Properties.DeploymentId = { Ref: name };
    // A deployment is a snapshot of the API. It must wait for the gateway responses, otherwise it would lack them.
    const responses = Object.entries(resources).filter(
      ([, resource]) => resource.Type === 'AWS::ApiGateway::GatewayResponse',
    );
    deployment.DependsOn.push(...responses.map(([response]) => response));
  }
}

module.exports = Stage;
