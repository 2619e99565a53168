# The model in the package:
#   sklambda package --model model.joblib --output serverless/function.zip
#   cd serverless/terraform && terraform init && terraform apply
# The model in S3 (the package then holds the program alone: sklambda package --model s3://my-bucket/model.joblib ...):
#   terraform apply -var model_bucket=my-bucket -var model_key=model.joblib

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.30"
    }
  }
}

variable "name" {
  description = "Name of the function"
  type        = string
  default     = "sklearn-model"
}

variable "package" {
  description = "The file that `sklambda package` wrote"
  type        = string
  default     = "../function.zip"
}

variable "architecture" {
  description = "Processor that the package is for: arm64 or x86_64"
  type        = string
  default     = "x86_64"
}

variable "memory" {
  description = "Memory in MB, as `sklambda package` says"
  type        = number
  default     = 256
}

variable "model_bucket" {
  description = "Bucket of a model in S3; empty for the model in the package"
  type        = string
  default     = ""
}

variable "model_key" {
  description = "Key of a model in S3"
  type        = string
  default     = "model.joblib"
}

variable "model_sha256" {
  description = "SHA-256 that the model's file must have; empty for any"
  type        = string
  default     = ""
}

data "aws_partition" "current" {}

locals {
  in_s3 = var.model_bucket != ""
}

resource "aws_cloudwatch_log_group" "predict" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = 30
}

resource "aws_iam_role" "predict" {
  name_prefix = "${var.name}-"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "predict" {
  name = "log-and-model"
  role = aws_iam_role.predict.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.predict.arn}:*"]
      }],
      [for bucket in local.in_s3 ? [var.model_bucket] : [] : {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["arn:${data.aws_partition.current.partition}:s3:::${bucket}/${var.model_key}"]
      }],
    )
  })
}

resource "aws_lambda_function" "predict" {
  function_name    = var.name
  filename         = var.package
  source_code_hash = filebase64sha256(var.package)
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  memory_size      = var.memory
  timeout          = 29
  role             = aws_iam_role.predict.arn

  environment {
    variables = {
      SKLEARN_MODEL_PATH   = local.in_s3 ? "s3://${var.model_bucket}/${var.model_key}" : "model.joblib"
      SKLEARN_MODEL_SHA256 = var.model_sha256
    }
  }

  depends_on = [aws_cloudwatch_log_group.predict, aws_iam_role_policy.predict]
}

resource "aws_apigatewayv2_api" "predict" {
  name          = var.name
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "predict" {
  api_id                 = aws_apigatewayv2_api.predict.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.predict.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "predict" {
  api_id    = aws_apigatewayv2_api.predict.id
  route_key = "POST /predict"
  target    = "integrations/${aws_apigatewayv2_integration.predict.id}"
}

resource "aws_apigatewayv2_stage" "predict" {
  api_id      = aws_apigatewayv2_api.predict.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_lambda_permission" "predict" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.predict.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.predict.execution_arn}/*/*/predict"
}

output "url" {
  description = "Where to post requests"
  value       = "${aws_apigatewayv2_api.predict.api_endpoint}/predict"
}
