// What an integration that is written with SAP's own client does, as far as it
// concerns us: orders, products and batches are read, confirmations posted.
// Usage: node client.cjs ROOT FOLDER, with the packages in NODE_PATH. ROOT is the
// address before the names of services; what it saw goes to FOLDER/seen.json.
'use strict';

const {from, generate, why, main} = require('../../../dialecttest/odata/client.cjs');

const [root, folder] = process.argv.slice(2);
const services = {
  orders: 'API_PRODUCTION_ORDER_2_SRV',
  confirmations: 'API_PROD_ORDER_CONFIRMATION_2_SRV',
  products: 'API_PRODUCT_SRV',
  batches: 'API_BATCH_SRV',
};

main(folder, async () => {
  const made = await generate(folder, Object.fromEntries(Object.values(services).map(name => [name, root + name])));
  const [orders, confirmations, products, batches] = Object.values(services).map(name => ({at: {url: root + name}, ...made[name]}));
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
    .then(() => 'posted', err => {
      const {status, error} = why(err);
      return {status, code: error.code, text: error.message.value};
    });

  const back = await api.requestBuilder().getAll().filter(api.schema.ORDER_ID.equals('4711')).execute(confirmations.at);
  seen.readBack = back.map(c => String(c.confirmationYieldQuantity)).sort();
  return seen;
});
