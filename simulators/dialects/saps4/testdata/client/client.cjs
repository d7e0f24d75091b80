// What an integration that is written with SAP's own client does: it has that
// client generated from the $metadata it is told, and calls what comes of it.
// Usage: node client.cjs ROOT FOLDER, with the packages in NODE_PATH. ROOT is the
// address before the names of services; the client is generated into FOLDER.
// What it saw goes to FOLDER/seen.json; anything else ends with 1.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {createRequire} = require('node:module');

const [root, folder] = process.argv.slice(2);
const modules = process.env.NODE_PATH;
const from = createRequire(path.join(modules, 'any.js'));
const services = {
  orders: 'API_PRODUCTION_ORDER_2_SRV',
  confirmations: 'API_PROD_ORDER_CONFIRMATION_2_SRV',
  products: 'API_PRODUCT_SRV',
  batches: 'API_BATCH_SRV',
};

// generate makes the client. Its types are not checked: only what it does at
// run time says anything of the server.
async function generate() {
  const input = path.join(folder, 'metadata');
  fs.mkdirSync(input, {recursive: true});
  for (const name of Object.values(services)) {
    const answer = await fetch(root + name + '/$metadata');
    if (!answer.ok) throw new Error(`$metadata of ${name}: ${answer.status}`);
    fs.writeFileSync(path.join(input, name + '.edmx'), await answer.text());
  }
  const output = path.join(folder, 'client');
  await from('@sap-cloud-sdk/generator').generate({input, outputDir: output, overwrite: true, transpile: false, skipValidation: false});
  const ts = from('typescript');
  for (const file of fs.readdirSync(output, {recursive: true})) {
    if (!file.endsWith('.ts')) continue;
    const text = fs.readFileSync(path.join(output, file), 'utf8');
    const {outputText} = ts.transpileModule(text, {compilerOptions: {module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022}});
    fs.writeFileSync(path.join(output, file.replace(/\.ts$/, '.js')), outputText);
  }
  return Object.fromEntries(Object.entries(services).map(([is, name]) => [is, {
    at: {url: root + name},
    of: Object.values(require(path.join(output, name, 'service.js'))).find(f => typeof f === 'function')(),
    ...require(path.join(output, name, 'index.js')),
  }]));
}

// why is what the server says of a refusal, below what the client says of it.
function why(err) {
  for (let e = err; e; e = e.rootCause ?? e.cause) {
    if (e.response) return {status: e.response.status, code: e.response.data.error.code, text: e.response.data.error.message.value};
  }
  return String(err);
}

async function main() {
  const {orders, confirmations, products, batches} = await generate();
  const seen = {};

  const order = await orders.of.productionOrder_2Api.requestBuilder().getByKey('4711').execute(orders.at);
  seen.order = {material: order.material, quantity: String(order.totalQuantity)};

  const {productApi} = products.of;
  const all = await productApi.requestBuilder().getAll()
    .select(productApi.schema.ALL_FIELDS, productApi.schema.TO_DESCRIPTION)
    .filter(productApi.schema.PRODUCT.equals('PUMP')).top(5).execute(products.at);
  seen.products = all.map(p => ({product: p.product, unit: p.baseUnit, texts: p.toDescription.length}));

  const lot = await batches.of.batchApi.requestBuilder().getAll().filter(batches.of.batchApi.schema.BATCH.equals('P-1')).execute(batches.at);
  seen.lots = lot.map(b => b.batch);

  const {prodnOrdConf2Api: api} = confirmations.of;
  const confirmation = (yields, unit) => api.entityBuilder().orderId('4711').orderOperation('0010')
    .confirmationYieldQuantity(new (from('bignumber.js').BigNumber)(yields)).confirmationUnit(unit)
    .externalSystemConfirmation(crypto.randomUUID()).build();
  const one = await api.requestBuilder().create(confirmation(10, 'EA')).execute(confirmations.at);
  seen.posted = {yield: String(one.confirmationYieldQuantity), number: Boolean(one.confirmationGroup && one.confirmationCount)};

  const {batch, changeset} = confirmations;
  const [answers] = await batch(changeset(
    api.requestBuilder().create(confirmation(3, 'EA')), api.requestBuilder().create(confirmation(4, 'EA')))).execute(confirmations.at);
  seen.batch = answers.isSuccess() ? answers.responses.map(r => String(r.as(api).confirmationYieldQuantity)) : 'refused';

  seen.refused = await api.requestBuilder().create(confirmation(1, 'XX')).execute(confirmations.at)
    .then(() => 'posted', err => why(err));

  const back = await api.requestBuilder().getAll().filter(api.schema.ORDER_ID.equals('4711')).execute(confirmations.at);
  seen.readBack = back.map(c => String(c.confirmationYieldQuantity)).sort();
  fs.writeFileSync(path.join(folder, 'seen.json'), JSON.stringify(seen));
}

main().catch(err => {
  for (let e = err; e; e = e.cause) console.error(e.stack ?? e, JSON.stringify(e.response?.data ?? ''));
  process.exit(1);
});
