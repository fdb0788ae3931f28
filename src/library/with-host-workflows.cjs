// What a worker with Pawl's plugin (plugin.ts) bundles: the workflows of its host, and ours. CommonJS, so that it takes
// whatever the host exports, a default among it, and nothing has to be there.

const theirs = require("pawl-host-workflows");
const ours = require("../../dist/workflows/index.js");

for (const name of Object.keys(ours)) {
  if (Object.hasOwn(theirs, name) && theirs[name] !== ours[name]) {
    throw new Error(`Pawl has a workflow ${name} too: name yours another way.`);
  }
}
module.exports = { ...theirs, ...ours };
