// Has a client generated from what OData services tell of themselves, by the
// generator of SAP's Cloud SDK for JavaScript, which knows V2 and V4. Types are not
// checked: only what a client does at run time says anything of the server.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {createRequire} = require('node:module');

// from requires a package of those in NODE_PATH.
const from = createRequire(path.join(process.env.NODE_PATH, 'any.js'));

// generate reads $metadata at each of services, by name, and makes a client of
// each below folder. It returns what the modules of each export, with the service
// itself as "of".
async function generate(folder, services, headers) {
  const input = path.join(folder, 'metadata');
  const output = path.join(folder, 'client');
  fs.mkdirSync(input, {recursive: true});
  for (const [name, url] of Object.entries(services)) {
    const answer = await fetch(url + '/$metadata', {headers});
    if (!answer.ok) throw new Error(`$metadata of ${name}: ${answer.status}`);
    fs.writeFileSync(path.join(input, name + '.edmx'), await answer.text());
  }
  await from('@sap-cloud-sdk/generator').generate({input, outputDir: output, overwrite: true, transpile: false, skipValidation: false});
  const ts = from('typescript');
  for (const file of fs.readdirSync(output, {recursive: true})) {
    if (!file.endsWith('.ts')) continue;
    const text = fs.readFileSync(path.join(output, file), 'utf8');
    const {outputText} = ts.transpileModule(text, {compilerOptions: {module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022}});
    fs.writeFileSync(path.join(output, file.replace(/\.ts$/, '.js')), outputText);
  }
  return Object.fromEntries(Object.keys(services).map(name => [name, {
    of: Object.values(require(path.join(output, name, 'service.js'))).find(f => typeof f === 'function')(),
    ...require(path.join(output, name, 'index.js')),
  }]));
}

// why is what the server says of a refusal, below what the client says of it.
function why(err) {
  for (let e = err; e; e = e.rootCause ?? e.cause) {
    if (e.response) return {status: e.response.status, error: e.response.data.error};
  }
  return String(err);
}

// main runs what a client does and writes what it saw to seen.json below folder.
function main(folder, run) {
  run().then(seen => fs.writeFileSync(path.join(folder, 'seen.json'), JSON.stringify(seen)), err => {
    for (let e = err; e; e = e.rootCause ?? e.cause) console.error(e.stack ?? e, JSON.stringify(e.response?.data ?? ''));
    process.exit(1);
  });
}

module.exports = {from, generate, why, main};
