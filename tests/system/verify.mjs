// Verifies messages with npm's standardwebhooks: node verify.mjs SECRET < MESSAGES, a line of JSON
// each with `headers` and `body`; prints what is in each, or why it is refused, likewise.
import { createRequire } from "node:module";
import { createInterface } from "node:readline/promises";

const { Webhook } = createRequire("/srv/lib/")("standardwebhooks");
const webhook = new Webhook(process.argv[2]);

for await (const line of createInterface({ input: process.stdin })) {
  const { headers, body } = JSON.parse(line);
  try {
    console.log(JSON.stringify({ message: webhook.verify(body, headers) }));
  } catch (error) {
    console.log(JSON.stringify({ refused: error.message }));
  }
}
