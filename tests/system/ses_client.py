"""As ses_client.mjs, with boto3: python3 ses_client.py ENDPOINT TOKEN < OPERATIONS."""

import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, token = sys.argv[1:]
client = boto3.client("sesv2", endpoint_url=endpoint, region_name="eu-west-1",
                      aws_access_key_id=token, aws_secret_access_key="not looked at",
                      config=Config(retries={"max_attempts": 0}))

for line in sys.stdin:
    operation, parameters = json.loads(line)
    name = re.sub("(?<!^)(?=[A-Z])", "_", operation).lower()
    try:
        answer = getattr(client, name)(**parameters)
        answer["status"] = answer.pop("ResponseMetadata")["HTTPStatusCode"]
    except ClientError as error:
        answer = {"status": error.response["ResponseMetadata"]["HTTPStatusCode"],
                  "error": error.response["Error"]["Code"],
                  "message": error.response["Error"].get("Message")}
    print(json.dumps(answer, default=str))
