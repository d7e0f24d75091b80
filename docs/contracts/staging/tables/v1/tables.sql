-- orders: orders, and what becomes of them.
CREATE TABLE orders (
  id BIGINT PRIMARY KEY,
  action VARCHAR(10) CHECK (action IN ('release', 'change', 'cancel')),
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  order_no VARCHAR(60),
  material VARCHAR(60),
  revision VARCHAR(60),
  quantity NUMERIC(18, 6),
  unit VARCHAR(60),
  start_at VARCHAR(40),
  due_at VARCHAR(40),
  priority BIGINT,
  lot VARCHAR(60),
  version BIGINT,
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- order_operations: operations of an order, in their sequence.
CREATE TABLE order_operations (
  parent_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  operation VARCHAR(60),
  description VARCHAR(250),
  work_center VARCHAR(60),
  setup_seconds NUMERIC(21, 9),
  cycle_seconds NUMERIC(21, 9),
  inspect_here VARCHAR(1),
  PRIMARY KEY (parent_id, line)
);

-- order_components: what the operations of an order need.
CREATE TABLE order_components (
  parent_id BIGINT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  operation VARCHAR(60),
  material VARCHAR(60),
  quantity NUMERIC(18, 6),
  unit VARCHAR(60),
  PRIMARY KEY (parent_id, line)
);

-- decisions: what quality has decided on a lot that was held.
CREATE TABLE decisions (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  lot VARCHAR(60),
  material VARCHAR(60),
  quality_case VARCHAR(60),
  decision VARCHAR(60),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- items: materials, each time that one changes.
CREATE TABLE items (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  material VARCHAR(60),
  version BIGINT,
  description VARCHAR(250),
  revision VARCHAR(60),
  unit VARCHAR(60),
  decimals BIGINT,
  lots VARCHAR(1),
  serials VARCHAR(1),
  retired VARCHAR(1),
  load_id VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- item_units: other units of a material, by their factor to its own.
CREATE TABLE item_units (
  parent_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  unit VARCHAR(60),
  numerator BIGINT,
  denominator BIGINT,
  PRIMARY KEY (parent_id, line)
);

-- boms: bills of material, each time that one changes.
CREATE TABLE boms (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  material VARCHAR(60),
  version BIGINT,
  quantity NUMERIC(18, 6),
  unit VARCHAR(60),
  line_count BIGINT,
  load_id VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- bom_components: what is needed for the quantity of the bill.
CREATE TABLE bom_components (
  parent_id BIGINT NOT NULL REFERENCES boms (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  operation VARCHAR(60),
  material VARCHAR(60),
  quantity NUMERIC(18, 6),
  unit VARCHAR(60),
  PRIMARY KEY (parent_id, line)
);

-- routings: standard routings, each time that one changes.
CREATE TABLE routings (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  material VARCHAR(60),
  version BIGINT,
  line_count BIGINT,
  load_id VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- routing_operations: their operations, in their sequence.
CREATE TABLE routing_operations (
  parent_id BIGINT NOT NULL REFERENCES routings (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  operation VARCHAR(60),
  description VARCHAR(250),
  work_center VARCHAR(60),
  setup_seconds NUMERIC(21, 9),
  cycle_seconds NUMERIC(21, 9),
  inspect_here VARCHAR(1),
  PRIMARY KEY (parent_id, line)
);

-- work_centers: work centers, each time that one changes.
CREATE TABLE work_centers (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  work_center VARCHAR(60),
  version BIGINT,
  description VARCHAR(250),
  manual VARCHAR(1),
  efficiency BIGINT,
  line_count BIGINT,
  load_id VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- work_center_machines: their machines.
CREATE TABLE work_center_machines (
  parent_id BIGINT NOT NULL REFERENCES work_centers (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  machine VARCHAR(60),
  PRIMARY KEY (parent_id, line)
);

-- calendars: the hours of a site, each time that they change.
CREATE TABLE calendars (
  id BIGINT PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40),
  calendar VARCHAR(60),
  version BIGINT,
  zone VARCHAR(60),
  line_count BIGINT,
  load_id VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- calendar_shifts: shifts, at times of the clocks of the zone.
CREATE TABLE calendar_shifts (
  parent_id BIGINT NOT NULL REFERENCES calendars (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  shift VARCHAR(60),
  begins VARCHAR(60),
  ends VARCHAR(60),
  days VARCHAR(60),
  PRIMARY KEY (parent_id, line)
);

-- loads: loads of all records of a table, each closed by its row here.
CREATE TABLE loads (
  id BIGINT PRIMARY KEY,
  load_id VARCHAR(40) NOT NULL,
  table_name VARCHAR(60) NOT NULL,
  row_count BIGINT NOT NULL,
  closed_at VARCHAR(40),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000)
);

-- operation_starts: an operation has begun.
CREATE TABLE operation_starts (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  work_center VARCHAR(60),
  operator VARCHAR(60),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX operation_starts_new ON operation_starts (id) WHERE process_start_date IS NULL;

-- confirmations: what an operation has made.
CREATE TABLE confirmations (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  work_center VARCHAR(60),
  operator VARCHAR(60),
  yield NUMERIC(18, 6) NOT NULL,
  unit VARCHAR(60) NOT NULL,
  scrap NUMERIC(18, 6),
  rework NUMERIC(18, 6),
  reason VARCHAR(250),
  is_final VARCHAR(1),
  start_at VARCHAR(40),
  end_at VARCHAR(40),
  labor_seconds NUMERIC(21, 9),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX confirmations_new ON confirmations (id) WHERE process_start_date IS NULL;

-- consumptions: what an operation has used up.
CREATE TABLE consumptions (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  material VARCHAR(60) NOT NULL,
  lot VARCHAR(60),
  quantity NUMERIC(18, 6) NOT NULL,
  unit VARCHAR(60) NOT NULL,
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX consumptions_new ON consumptions (id) WHERE process_start_date IS NULL;

-- scrap: what was lost besides.
CREATE TABLE scrap (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  material VARCHAR(60) NOT NULL,
  lot VARCHAR(60),
  quantity NUMERIC(18, 6) NOT NULL,
  unit VARCHAR(60) NOT NULL,
  reason VARCHAR(250),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX scrap_new ON scrap (id) WHERE process_start_date IS NULL;

-- rework: what has to be made good.
CREATE TABLE rework (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  quantity NUMERIC(18, 6) NOT NULL,
  unit VARCHAR(60) NOT NULL,
  reason VARCHAR(250),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX rework_new ON rework (id) WHERE process_start_date IS NULL;

-- receipts: finished goods, put into stock.
CREATE TABLE receipts (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  material VARCHAR(60) NOT NULL,
  lot VARCHAR(60) NOT NULL,
  quantity NUMERIC(18, 6) NOT NULL,
  unit VARCHAR(60) NOT NULL,
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX receipts_new ON receipts (id) WHERE process_start_date IS NULL;

-- receipt_serials: their serial numbers.
CREATE TABLE receipt_serials (
  parent_id BIGINT NOT NULL REFERENCES receipts (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  serial VARCHAR(60) NOT NULL,
  PRIMARY KEY (parent_id, line)
);

-- inspections: results of an inspection.
CREATE TABLE inspections (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  order_no VARCHAR(60) NOT NULL,
  operation VARCHAR(60) NOT NULL,
  counter BIGINT NOT NULL,
  material VARCHAR(60) NOT NULL,
  lot VARCHAR(60),
  serial VARCHAR(60),
  passed BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  description VARCHAR(250),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX inspections_new ON inspections (id) WHERE process_start_date IS NULL;

-- holds: lots that quality has blocked.
CREATE TABLE holds (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  reference VARCHAR(250) NOT NULL,
  happened_at VARCHAR(40) NOT NULL,
  lot VARCHAR(60) NOT NULL,
  material VARCHAR(60),
  order_no VARCHAR(60),
  quality_case VARCHAR(60) NOT NULL,
  reason VARCHAR(250),
  inserted_date TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  inserted_by VARCHAR(60),
  group_id VARCHAR(60),
  process_start_date TIMESTAMP WITH TIME ZONE,
  process_complete_date TIMESTAMP WITH TIME ZONE,
  response_code INTEGER,
  response_message VARCHAR(1000),
  error_code VARCHAR(60),
  error_class VARCHAR(20),
  document_no VARCHAR(40),
  retry_after INTEGER,
  UNIQUE (reference)
);
CREATE INDEX holds_new ON holds (id) WHERE process_start_date IS NULL;
