#!/usr/bin/env bash
# Deploys a package with the AWS command line alone: role, log group, function, HTTP API. Run again, it updates.
#
#   serverless/deploy.sh function.zip [NAME]                          the model in the package
#   serverless/deploy.sh function.zip [NAME] s3://my-bucket/my.joblib the model in S3
#
# ARCH (x86_64, arm64), MEMORY (MB) and SKLEARN_MODEL_SHA256 are taken from the environment, and the region from the
# command line's configuration. The endpoint is open to everyone who knows its address.
set -euo pipefail

package=${1:?usage: deploy.sh function.zip [NAME] [s3://bucket/key]}
name=${2:-sklearn-model}
model=${3:-model.joblib}
arch=${ARCH:-x86_64}
memory=${MEMORY:-256}
pin=${SKLEARN_MODEL_SHA256:-}

region=$(aws configure get region || true)
region=${AWS_REGION:-${AWS_DEFAULT_REGION:-${region:?no region: run \`aws configure\` or set AWS_REGION}}}
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER=
identity=$(aws sts get-caller-identity --query Arn --output text)
partition=$(echo "$identity" | cut -d: -f2)
account=$(echo "$identity" | cut -d: -f5)
role=$name-$region
group=/aws/lambda/$name
logs="arn:$partition:logs:$region:$account:log-group:$group:*"
function_arn="arn:$partition:lambda:$region:$account:function:$name"

echo "log group $group"
aws logs create-log-group --log-group-name "$group" 2>/dev/null || true
aws logs put-retention-policy --log-group-name "$group" --retention-in-days 30

echo "role $role"
statement="{\"Effect\":\"Allow\",\"Action\":[\"logs:CreateLogStream\",\"logs:PutLogEvents\"],\"Resource\":\"$logs\"}"
case $model in
s3://*)
  object=${model#s3://}
  statement="$statement,{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"arn:$partition:s3:::$object\"}"
  ;;
esac
fresh=
if ! aws iam get-role --role-name "$role" >/dev/null 2>&1; then
  aws iam create-role --role-name "$role" --assume-role-policy-document \
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}' \
    >/dev/null
  fresh=1
fi
aws iam put-role-policy --role-name "$role" --policy-name log-and-model \
  --policy-document "{\"Version\":\"2012-10-17\",\"Statement\":[$statement]}"
# A new role is not known everywhere at once, and Lambda refuses one that it does not know.
[ -z "$fresh" ] || sleep 10

echo "function $name"
variables="{\"Variables\":{\"SKLEARN_MODEL_PATH\":\"$model\",\"SKLEARN_MODEL_SHA256\":\"$pin\"}}"
if aws lambda get-function --function-name "$name" >/dev/null 2>&1; then
  aws lambda update-function-code --function-name "$name" --zip-file "fileb://$package" --architectures "$arch" >/dev/null
  aws lambda wait function-updated --function-name "$name"
  aws lambda update-function-configuration --function-name "$name" --memory-size "$memory" --environment "$variables" >/dev/null
else
  aws lambda create-function --function-name "$name" --runtime provided.al2023 --handler bootstrap \
    --architectures "$arch" --memory-size "$memory" --timeout 29 --environment "$variables" \
    --role "arn:$partition:iam::$account:role/$role" --zip-file "fileb://$package" >/dev/null
fi
aws lambda wait function-updated --function-name "$name"

api=$(aws apigatewayv2 get-apis --query "Items[?Name=='$name'].ApiId | [0]" --output text)
if [ "$api" = None ]; then
  echo "HTTP API $name"
  api=$(aws apigatewayv2 create-api --name "$name" --protocol-type HTTP --target "$function_arn" \
    --route-key 'POST /predict' --query ApiId --output text)
  aws lambda add-permission --function-name "$name" --statement-id http-api --action lambda:InvokeFunction \
    --principal apigateway.amazonaws.com --source-arn "arn:$partition:execute-api:$region:$account:$api/*/*/predict" >/dev/null
fi
url=$(aws apigatewayv2 get-api --api-id "$api" --query ApiEndpoint --output text)/predict
echo "
curl $url -d '{\"input\": [[...]]}'"
