// What reads the data entities of an installation with a client made of its
// $metadata. Usage: node client.cjs URL TOKEN FOLDER, with the packages in
// NODE_PATH; what it saw goes to FOLDER/seen.json.
'use strict';

const {generate, why, main} = require('../../../dialecttest/odata/client.cjs');

const [url, token, folder] = process.argv.slice(2);

main(folder, async () => {
  const {data} = await generate(folder, {data: url + '/data'}, {Authorization: 'Bearer ' + token});
  const at = {url: url + '/data'};
  const ask = request => request.addCustomHeaders({Authorization: 'Bearer ' + token}).execute(at);
  const {productionOrderHeadersApi: orders, releasedProductsV2Api: products, sysMessagesApi: messages} = data.of;
  const seen = {};

  const [order] = await ask(orders.requestBuilder().getAll().filter(orders.schema.PRODUCTION_ORDER_NUMBER.equals('P000417')));
  seen.order = {item: order.itemNumber, quantity: String(order.scheduledQuantity), status: order.productionOrderStatus, received: String(order.reportedAsFinishedQuantity)};

  const all = await ask(products.requestBuilder().getAll().select(products.schema.ITEM_NUMBER, products.schema.INVENTORY_UNIT_SYMBOL).top(5));
  seen.products = all.map(p => p.itemNumber + ' in ' + p.inventoryUnitSymbol).sort();

  const found = await ask(messages.requestBuilder().getAll().filter(messages.schema.DEPENDENCY_KEY.equals('P000417')));
  seen.messages = found.map(m => m.messageType + ' ' + m.messageState);

  seen.unknown = await ask(orders.requestBuilder().getByKey('demo', 'P000418')).then(() => 'found', err => why(err).status);
  return seen;
});
