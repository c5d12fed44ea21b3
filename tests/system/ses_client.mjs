// Calls SESv2's suppression operations with AWS's own client for Node, and prints what came back,
// a line of JSON each: node ses_client.mjs ENDPOINT TOKEN < OPERATIONS, a line of JSON each.
import { createRequire } from "node:module";
import { createInterface } from "node:readline/promises";

const sdk = createRequire("/srv/sdk/")("@aws-sdk/client-sesv2");
const [endpoint, token] = process.argv.slice(2);
const client = new sdk.SESv2Client({
  endpoint,
  region: "eu-west-1",
  maxAttempts: 1,
  credentials: { accessKeyId: token, secretAccessKey: "not looked at" },
});

for await (const line of createInterface({ input: process.stdin })) {
  const [operation, parameters] = JSON.parse(line);
  for (const name of ["StartDate", "EndDate"])
    if (parameters[name]) parameters[name] = new Date(parameters[name]);
  try {
    const { $metadata, ...answer } = await client.send(new sdk[`${operation}Command`](parameters));
    console.log(JSON.stringify({ status: $metadata.httpStatusCode, ...answer }));
  } catch (error) {
    console.log(JSON.stringify({ status: error.$metadata?.httpStatusCode, error: error.name,
      message: error.message }));
  }
}
