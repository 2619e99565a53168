// The model in the package:
//   sklambda package --model model.joblib --output serverless/function.zip
//   cd serverless/cdk && npm install && npx cdk deploy
// The model in S3 (the package then holds the program alone: sklambda package --model s3://my-bucket/model.joblib ...):
//   npx cdk deploy -c bucket=my-bucket -c key=model.joblib [-c sha256=...]
import { App, CfnOutput, Duration, Stack, aws_apigatewayv2 as http, aws_iam as iam, aws_lambda as lambda, aws_logs as logs } from 'aws-cdk-lib';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as path from 'node:path';

const app = new App();
const setting = (name: string, fixed = ''): string => String(app.node.tryGetContext(name) ?? fixed);
const stack = new Stack(app, setting('name', 'sklearn-model'));
const bucket = setting('bucket');
const key = setting('key', 'model.joblib');

const logGroup = new logs.LogGroup(stack, 'Logs', { retention: logs.RetentionDays.ONE_MONTH });
const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
role.addToPolicy(
  new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
);
if (bucket) {
  const object = `arn:${stack.partition}:s3:::${bucket}/${key}`;
  role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [object] }));
}

const predict = new lambda.Function(stack, 'Predict', {
  code: lambda.Code.fromAsset(path.join(__dirname, '..', 'function.zip')),
  runtime: lambda.Runtime.PROVIDED_AL2023,
  handler: 'bootstrap',
  architecture: setting('arch') === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
  memorySize: Number(setting('memory', '256')),
  timeout: Duration.seconds(29),
  // The role is complete: nothing shall be added to it.
  role: role.withoutPolicyUpdates(),
  logGroup,
  environment: {
    SKLEARN_MODEL_PATH: bucket ? `s3://${bucket}/${key}` : 'model.joblib',
    SKLEARN_MODEL_SHA256: setting('sha256'),
  },
});

const api = new http.HttpApi(stack, 'Api');
api.addRoutes({
  path: '/predict',
  methods: [http.HttpMethod.POST],
  integration: new HttpLambdaIntegration('Integration', predict),
});
new CfnOutput(stack, 'Url', { value: `${api.apiEndpoint}/predict` });
