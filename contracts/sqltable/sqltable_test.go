package sqltable

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

const staging = `-- what the ERP leaves for the MES
CREATE TABLE dbo.[inbound] (
  id            INTEGER IDENTITY(1,1) PRIMARY KEY,
  message_type  VARCHAR(20) NOT NULL CHECK (message_type IN ('workOrder', 'material')),
  order_no      NVARCHAR(12) NOT NULL,
  quantity      DECIMAL(13,3) NOT NULL DEFAULT (0),
  due           DATE,
  inserted_at   TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
  state         CHAR(1) DEFAULT 'N' NOT NULL,
  priority      SMALLINT CHECK (priority BETWEEN 1 AND 99),
  urgent        BIT,
  payload       VARBINARY(8),
  run           UUID,
  CONSTRAINT uq_inbound UNIQUE (message_type, order_no),
  CONSTRAINT ck_state CHECK (state IN ('N', 'P', 'E'))
) WITH (DATA_COMPRESSION = PAGE);
GO
CREATE INDEX ix_inbound ON inbound (state);
`

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "v/inbound.sql", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Document)
}

func row(table, text string) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Path: table, Body: []byte(text)}}
}

const good = `{"message_type":"workOrder","order_no":"4711","quantity":12.5,"due":"2026-02-03","state":"N","urgent":true,"payload":"QUJD","run":"6f6c2d9e-6a5f-4a3c-9c2f-000000000417"}`

func TestConformance(t *testing.T) {
	with := func(from, to string) contracts.Exchange {
		return row("inbound", strings.Replace(good, from, to, 1))
	}
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/inbound.sql", Data: []byte(staging)}},
		Next:  []contracts.File{{Name: "2/inbound.sql", Data: []byte(strings.ReplaceAll(staging, "order_no", "order_number"))}},
		Good:  []contracts.Exchange{row("inbound", good), row("erp/dbo.INBOUND", "["+good+"]")},
		Bad:   []contracts.Exchange{with("4711", "4711000001-01"), with("12.5", "12.5004"), with("workOrder", "order"), with(`"order_no":"4711",`, ""), with("order_no", "orderNo"), with(`"N"`, "null"), row("inbound", "7"), row("inbound", "{")},
		Other: []contracts.Exchange{row("outbound", good), row("", good)},
	})
}

func TestCheck(t *testing.T) {
	d := read(t, staging)
	for _, c := range []struct{ text, want string }{
		{`{"MESSAGE_TYPE":"material","order_no":"1"}`, ""},
		{`{"message_type":"material","order_no":"1","quantity":"0.001","id":7,"priority":null,"inserted_at":"2026-02-03 08:00:00"}`, ""},
		{`{"message_type":"material","order_no":4711}`, `inbound.order_no: want a text, got 4711 (v/inbound.sql:5:3)`},
		{`{"message_type":"material","order_no":"1","quantity":12345678901}`, `inbound.quantity: want at most 10 digits before the point, got 12345678901 (v/inbound.sql:6:3)`},
		{`{"message_type":"material","order_no":"1","quantity":0.0005}`, `inbound.quantity: want at most 3 digits behind the point, as DECIMAL(13,3) rounds, got 0.0005 (v/inbound.sql:6:3)`},
		{`{"message_type":"material","order_no":"1","quantity":"1,5"}`, `inbound.quantity: want a decimal number, got "1,5" (v/inbound.sql:6:3)`},
		{`{"message_type":"material","order_no":"1","due":"03.02.2026"}`, `inbound.due: want a day as 2026-02-03, got "03.02.2026" (v/inbound.sql:7:3)`},
		{`{"message_type":"material","order_no":"1","inserted_at":"2026-02-03"}`, `inbound.inserted_at: want an instant as 2026-02-03 08:00:00 or 2026-02-03T08:00:00Z, got "2026-02-03" (v/inbound.sql:8:3)`},
		{`{"message_type":"material","order_no":"1","state":"X"}`, `inbound.state: want one of N, P, E, got "X" (v/inbound.sql:9:3)`},
		{`{"message_type":"material","order_no":"1","priority":40000}`, `inbound.priority: want a whole number from -32768 to 32767, got 40000 (v/inbound.sql:10:3)`},
		{`{"message_type":"material","order_no":"1","priority":1.5}`, `inbound.priority: want a whole number, got 1.5 (v/inbound.sql:10:3)`},
		{`{"message_type":"material","order_no":"1","urgent":"yes"}`, `inbound.urgent: want true or false, 1 or 0, got "yes" (v/inbound.sql:11:3)`},
		{`{"message_type":"material","order_no":"1","payload":"AAAAAAAAAAAAAAAA"}`, `inbound.payload: want at most 8 bytes, got "AAAAAAAAAAAAAAAA" (v/inbound.sql:12:3)`},
		{`{"message_type":"material","order_no":"1","run":"x"}`, `inbound.run: want a UUID, got "x" (v/inbound.sql:13:3)`},
		{`{"message_type":"material","order_no":"1","shift":"A"}`, `inbound.shift: want a column that the table has, got "A" (v/inbound.sql:2:18)`},
		{`{"message_type":"material"}`, `inbound.order_no: want a value, as it is NOT NULL and has no default, got nothing (v/inbound.sql:5:3)`},
		{`[{"message_type":"material","order_no":"1"},{"message_type":null,"order_no":"1"}]`, `inbound[1].message_type: want a value, as it is NOT NULL, got null (v/inbound.sql:4:3)`},
		{`{"message_type":"material","order_no":"1","ORDER_NO":"2"}`, `inbound.order_no: want each column once, got it in two spellings (v/inbound.sql:5:3)`},
		{`"text"`, `inbound: want a JSON object of columns and values, got "text" (v/inbound.sql:2:18)`},
	} {
		found, covered := d.Check(row("inbound", c.text))
		got := ""
		if len(found) > 0 {
			got = found[0].String()
		}
		if !covered || got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
	x := row("inbound", `{"state":"P"}`)
	x.Request.Method = "UPDATE"
	if found, _ := d.Check(x); len(found) > 0 {
		t.Errorf("a part of a row: %v", found)
	}
}

// nested is a table with others whose rows belong to it.
const nested = `CREATE TABLE mes.orders (
  id    BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
  no    VARCHAR(12) NOT NULL,
  code  INTEGER CHECK (code IN (200, 422)),
  doc   VARCHAR(10)
);
CREATE TABLE parts (
  order_id BIGINT NOT NULL REFERENCES mes.orders (id) ON DELETE CASCADE,
  line     INTEGER NOT NULL,
  material VARCHAR(20) NOT NULL CHECK (material IN ('A', 'B')),
  quantity DECIMAL(9,3),
  PRIMARY KEY (order_id, line)
);
CREATE TABLE marks (
  order_id BIGINT NOT NULL,
  line     INTEGER NOT NULL,
  mark     VARCHAR(5) NOT NULL,
  UNIQUE (order_id, line, mark),
  FOREIGN KEY (order_id, line) REFERENCES parts (order_id, line)
);
CREATE TABLE others (id BIGINT PRIMARY KEY);
`

// TestRowsBelow: rows stand below the one that they belong to, and are held like
// any other but for what follows from their place.
func TestRowsBelow(t *testing.T) {
	d := read(t, nested)
	for _, c := range []struct{ text, want string }{
		{`{"no":"1","parts":[{"material":"A","quantity":"1.5"},{"material":"B"}]}`, ""},
		{`{"no":"1","parts":[]}`, ""},
		{`{"no":"1","PARTS":[{"material":"A","line":7,"order_id":9,"marks":[{"mark":"x"}]}]}`, ""},
		{`{"no":"1","parts":[{"material":"A","lot":"L"}]}`, `orders.parts[0].lot: want a column that the table has, got "L" (v/inbound.sql:7:14)`},
		{`{"no":"1","parts":[{"material":"A"},{"quantity":1}]}`, `orders.parts[1].material: want a value, as it is NOT NULL and has no default, got nothing (v/inbound.sql:10:3)`},
		{`{"no":"1","parts":[{"material":"C"}]}`, `orders.parts[0].material: want one of A, B, got "C" (v/inbound.sql:10:3)`},
		{`{"no":"1","parts":[{"material":"A","quantity":"1.5004"}]}`, `orders.parts[0].quantity: want at most 3 digits behind the point, as DECIMAL(9,3) rounds, got "1.5004" (v/inbound.sql:11:3)`},
		{`{"no":"1","parts":[{"material":"A","line":null}]}`, `orders.parts[0].line: want a value, as it is NOT NULL, got null (v/inbound.sql:9:3)`},
		{`{"no":"1","parts":{"material":"A"}}`, `orders.parts: want a list of rows of parts, got {"material":"A"} (v/inbound.sql:7:14)`},
		{`{"no":"1","parts":null}`, `orders.parts: want a list of rows of parts, got null (v/inbound.sql:7:14)`},
		{`{"no":"1","parts":["A"]}`, `orders.parts[0]: want a row of parts, got "A" (v/inbound.sql:7:14)`},
		{`{"no":"1","parts":[{"material":"A","marks":[{}]}]}`, `orders.parts[0].marks[0].mark: want a value, as it is NOT NULL and has no default, got nothing (v/inbound.sql:17:3)`},
		{`{"no":"1","marks":[{"mark":"x"}]}`, `orders.marks: want a column that the table has, got [{"mark":"x"}] (v/inbound.sql:1:18)`},
		{`{"no":"1","others":[{"id":1}]}`, `orders.others: want a column that the table has, got [{"id":1}] (v/inbound.sql:1:18)`},
	} {
		found, covered := d.Check(row("orders", c.text))
		got := ""
		if len(found) > 0 {
			got = found[0].String()
		}
		if !covered || got != c.want || len(found) > 1 {
			t.Errorf("%s\ngot  %s (%d)\nwant %s", c.text, got, len(found), c.want)
		}
	}
	// By itself a row says to which it belongs.
	if found, _ := d.Check(row("parts", `{"material":"A"}`)); len(found) != 2 {
		t.Errorf("a part of no order: %v", found)
	}
	many := row("orders", `{"no":"1","parts":[`+strings.Repeat(`{},`, 99)+`{}]}`)
	if found, _ := d.Check(many); len(found) != maxBreaches {
		t.Errorf("%d breaches are told", len(found))
	}
}

// answer is an exchange with what has been filled in.
func answer(asked, text string) contracts.Exchange {
	x := row("orders", asked)
	x.Reply = &contracts.Part{Status: 207, Body: []byte(text)}
	return x
}

// TestAnswers: what comes back is columns of the rows that were sent.
func TestAnswers(t *testing.T) {
	d := read(t, nested)
	for _, c := range []struct{ asked, text, want string }{
		{`{"no":"1"}`, `[{"row":1,"code":200,"doc":"49"}]`, ""},
		{`[{"no":"1"},{"no":"2"}]`, `[{"row":2,"code":422}]`, ""},
		{`{"no":"1"}`, `{"code":200}`, ""},
		{`{"no":"1"}`, `[]`, ""},
		{`{"no":"1"}`, ``, ""},
		{`{"no":"1"}`, `[{"row":1,"code":409}]`, `orders.code: want one of 200, 422, got 409 (v/inbound.sql:4:3)`},
		{`{"no":"1"}`, `[{"row":1,"code":200,"doc":"49000000001"}]`, `orders.doc: want at most 10 characters, got "49000000001" (v/inbound.sql:5:3)`},
		{`{"no":"1"}`, `[{"row":1,"message":"no"}]`, `orders.message: want a column that the table has, got "no" (v/inbound.sql:1:18)`},
		{`{"no":"1"}`, `[{"row":2,"code":200}]`, `orders.row: want the number of a row, 1 to 1, got 2 (v/inbound.sql:1:18)`},
		{`{"no":"1"}`, `[{"row":0,"code":200}]`, `orders.row: want the number of a row, 1 to 1, got 0 (v/inbound.sql:1:18)`},
		{`{"no":"1"}`, `[{"row":"1","code":200}]`, `orders.row: want the number of a row, 1 to 1, got "1" (v/inbound.sql:1:18)`},
		{`{"no":"1"}`, `no`, `orders: want a JSON object of columns and values, got invalid character 'o' in literal null (expecting 'u') (v/inbound.sql:1:18)`},
		{`{"no":"1","row":1}`, `[]`, `orders.row: want a column that the table has, got 1 (v/inbound.sql:1:18)`},
	} {
		found, covered := d.Check(answer(c.asked, c.text))
		got := ""
		if len(found) > 0 {
			got = found[0].String()
			if found[0].Reply != (c.text != "[]") {
				t.Errorf("%s: told of the wrong side: %v", c.text, found)
			}
		}
		if !covered || got != c.want || len(found) > 1 {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestPartsOfRowsBelow(t *testing.T) {
	d := read(t, nested)
	x := answer(`{"no":"1","parts":[{"material":"A","lot":"L"},{"material":"C","quantity":"x"}]}`, `[{"row":1,"code":422,"text":"no"}]`)
	if got, want := d.Used(x), []string{"orders", "orders.code", "orders.code=422", "orders.no", "parts", "parts.material", "parts.material=A", "parts.quantity"}; !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	parts := d.Parts()
	for _, u := range d.Used(x) {
		if !slices.Contains(parts, u) {
			t.Errorf("%s is used and no part", u)
		}
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, f.Kind+" "+f.Path+" "+f.Seen)
	}
	if want := []string{`field parts.lot "L"`, `enum parts.material=C "C"`, `type parts.quantity "x"`, `field orders.text "no"`}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
}

func TestChangesOfRowsBelow(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		mode           contracts.Mode
		want           []string
	}{
		{"nothing", "", "", contracts.Full, nil},
		{"written otherwise", "  PRIMARY KEY (order_id, line)", "  CONSTRAINT pk PRIMARY KEY (line, order_id)", contracts.Full, nil},
		{"no parent", " REFERENCES mes.orders (id) ON DELETE CASCADE", "", contracts.Backward, []string{"breaking REFERENCE_REMOVED parts"}},
		{"another parent", "REFERENCES mes.orders", "REFERENCES others", contracts.Backward, []string{"breaking REFERENCE_ADDED parts", "breaking REFERENCE_REMOVED parts"}},
		{"a parent", "others (id BIGINT PRIMARY KEY)", "others (id BIGINT PRIMARY KEY REFERENCES orders (id))", contracts.Forward, []string{"dangerous REFERENCE_ADDED others"}},
		{"no key", "quantity DECIMAL(9,3),\n  PRIMARY KEY (order_id, line)", "quantity DECIMAL(9,3)", contracts.Backward, []string{"breaking PLACE_REMOVED parts.line", "dangerous KEY_REMOVED parts"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !strings.Contains(nested, c.from) {
				t.Fatal("the tables do not say this")
			}
			changes, err := Format{}.Changes(read(t, nested), read(t, strings.Replace(nested, c.from, c.to, 1)), c.mode)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(changes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, changes)
			}
		})
	}
}

// A foreign key is of columns that the table has.
func TestForeignKeyOfNoColumn(t *testing.T) {
	_, err := Format{}.Read([]contracts.File{{Name: "v/t.sql", Data: []byte("CREATE TABLE a (x INT, FOREIGN KEY (y) REFERENCES b (y));")}})
	if err == nil || !strings.Contains(err.Error(), "the foreign key has column y, which table a does not have") {
		t.Errorf("%v", err)
	}
}

func TestPartsUsedAndUndeclared(t *testing.T) {
	d := read(t, "CREATE TABLE o (a INT NOT NULL, s VARCHAR(5) CHECK (s IN ('x','y')));")
	if got, want := d.Parts(), []string{"o", "o.a", "o.s", "o.s=x", "o.s=y"}; !slices.Equal(got, want) {
		t.Errorf("parts %q, want %q", got, want)
	}
	x := row("o", `[{"a":1,"s":"x"},{"a":null,"s":"z","b":1},{"a":"one"}]`)
	if got, want := d.Used(x), []string{"o", "o.a", "o.s", "o.s=x"}; !slices.Equal(got, want) {
		t.Errorf("used %q, want %q", got, want)
	}
	var drift []string
	for _, f := range d.Undeclared(x) {
		drift = append(drift, f.Kind+" "+f.Path+" "+f.Seen)
	}
	if want := []string{"null o.a null", "field o.b 1", `enum o.s=z "z"`, `type o.a "one"`}; !slices.Equal(drift, want) {
		t.Errorf("drift %q, want %q", drift, want)
	}
}

// TestDialects reads what common databases call the same.
func TestDialects(t *testing.T) {
	for name, text := range map[string]string{
		"PostgreSQL": `CREATE TABLE IF NOT EXISTS mes."o" (id bigserial PRIMARY KEY, n character varying(12) NOT NULL, q numeric(13,3) DEFAULT 0.0, d timestamp without time zone DEFAULT now(), s text DEFAULT 'N'::character varying, x double precision, r uuid DEFAULT gen_random_uuid(), j jsonb);
COMMENT ON TABLE o IS 'orders; of the ERP';`,
		"Oracle": `CREATE TABLE MES.O (ID NUMBER(10) GENERATED ALWAYS AS IDENTITY (START WITH 1), N VARCHAR2(12 CHAR) NOT NULL, Q NUMBER(13,3), D TIMESTAMP(6) DEFAULT SYSTIMESTAMP, S CLOB, X BINARY_DOUBLE, R RAW(16), J CLOB, CONSTRAINT PK PRIMARY KEY (ID)) TABLESPACE USERS
/
GRANT SELECT ON O TO MES;`,
		"MySQL":      "DROP TABLE IF EXISTS `o`;\nCREATE TABLE `o` (`id` int(10) unsigned NOT NULL AUTO_INCREMENT, `n` varchar(12) COLLATE utf8mb4_bin NOT NULL, `q` decimal(13,3) DEFAULT '0.000', d datetime(3) NULL DEFAULT NULL COMMENT 'due', s longtext, x double, r binary(16), j json, PRIMARY KEY (`id`)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;",
		"SQL Server": "SET ANSI_NULLS ON\nGO\nCREATE TABLE [dbo].[o] ([id] [int] IDENTITY(1,1) NOT NULL, [n] [nvarchar](12) NOT NULL, [q] [decimal](13, 3) NULL, [d] [datetime2](7) NULL CONSTRAINT [df] DEFAULT (sysutcdatetime()), [s] [nvarchar](max) NULL, [x] [float] NULL, [r] [uniqueidentifier] NULL, j [ntext], CONSTRAINT [PK_o] PRIMARY KEY CLUSTERED ([id] ASC)) ON [PRIMARY]\nGO\n",
		"SQLite":     "create table o (id integer primary key autoincrement, n varchar(12) not null, q decimal(13,3), d timestamp, s text, x real, r blob, j text, foreign key (n) references p (n) on delete set null) without rowid;",
	} {
		d := read(t, text)
		if found, covered := d.Check(row("o", `{"n":"4711","q":1.5,"d":"2026-02-03T08:00:00Z","s":"N","x":1e3}`)); !covered || len(found) > 0 {
			t.Errorf("%s: %v, covered %v", name, found, covered)
		}
		if found, _ := d.Check(row("o", `{"n":"4711000000001","q":1.5004}`)); len(found) != 2 {
			t.Errorf("%s: %v", name, found)
		}
	}
}

// TestStagingTable reads a table after a public one.
func TestStagingTable(t *testing.T) {
	file := filepath.Join("..", "..", "..", "shared", "standards", "staging-table-own", "erp_integration_inbound.sql")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("%s is not there, so that it is not shown that a table after a public one is read: clone the repository beside that folder to run this", file)
	}
	d := read(t, string(b))
	for text, want := range map[string]int{
		`{"id":1,"message_type":"workOrder","media_type":"application/json","inserted_date":"2026-02-03","message":"{}"}`: 0,
		`{"id":1,"message_type":"order","media_type":"text/csv","inserted_date":null}`:                                    4,
	} {
		if found, covered := d.Check(row("erp_integration_inbound_messages", text)); !covered || len(found) != want {
			t.Errorf("%s: %v, covered %v", text, found, covered)
		}
	}
}

func TestChanges(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		mode           contracts.Mode
		want           []string
	}{
		{"nothing", "", "", contracts.Full, nil},
		{"written otherwise", "NVARCHAR(12) NOT NULL", "nvarchar (12) not null /* the order */", contracts.Full, nil},
		{"column removed", "  due           DATE,\n", "", contracts.Full, []string{"breaking COLUMN_REMOVED inbound.due"}},
		{"column added", "  due           DATE,\n", "  due DATE, site CHAR(4),\n", contracts.Full, []string{"safe COLUMN_ADDED inbound.site"}},
		{"column demanded", "  due           DATE,\n", "  due DATE, site CHAR(4) NOT NULL,\n", contracts.Backward, []string{"breaking REQUIRED_COLUMN_ADDED inbound.site"}},
		{"not null", "DATE,", "DATE NOT NULL,", contracts.Backward, []string{"breaking NOT_NULL_ADDED inbound.due"}},
		{"null", "NVARCHAR(12) NOT NULL", "NVARCHAR(12)", contracts.Backward, []string{"dangerous NOT_NULL_REMOVED inbound.order_no"}},
		{"null for readers", "NVARCHAR(12) NOT NULL", "NVARCHAR(12)", contracts.Forward, []string{"breaking NOT_NULL_REMOVED inbound.order_no"}},
		{"shorter", "NVARCHAR(12)", "NVARCHAR(10)", contracts.Backward, []string{"breaking TYPE_NARROWED inbound.order_no"}},
		{"longer", "NVARCHAR(12)", "NVARCHAR(18)", contracts.Backward, []string{"dangerous TYPE_WIDENED inbound.order_no"}},
		{"fewer digits", "DECIMAL(13,3)", "DECIMAL(13,2)", contracts.Backward, []string{"breaking TYPE_NARROWED inbound.quantity", "dangerous TYPE_WIDENED inbound.quantity"}},
		{"integer", "priority      SMALLINT", "priority INTEGER", contracts.Backward, []string{"dangerous TYPE_WIDENED inbound.priority"}},
		{"text for a number", "quantity      DECIMAL(13,3)", "quantity VARCHAR(20)", contracts.Backward, []string{"breaking TYPE_NARROWED inbound.quantity", "dangerous TYPE_WIDENED inbound.quantity"}},
		{"default gone", "NOT NULL DEFAULT (0)", "NOT NULL", contracts.Backward, []string{"breaking DEFAULT_REMOVED inbound.quantity"}},
		{"default", "DEFAULT 'N'", "DEFAULT 'P'", contracts.Full, []string{"dangerous DEFAULT_CHANGED inbound.state"}},
		{"value removed", "('N', 'P', 'E')", "('N', 'P')", contracts.Backward, []string{"breaking VALUE_REMOVED inbound.state"}},
		{"value added", "('N', 'P', 'E')", "('N', 'P', 'E', 'R')", contracts.Full, []string{"breaking VALUE_ADDED inbound.state"}},
		{"condition changed", "BETWEEN 1 AND 99", "BETWEEN 1 AND 9", contracts.Full, []string{"dangerous CANNOT_TELL inbound.priority"}},
		{"condition gone", " CHECK (priority BETWEEN 1 AND 99)", "", contracts.Backward, []string{"dangerous RULE_REMOVED inbound.priority"}},
		{"key", "UNIQUE (message_type, order_no)", "UNIQUE (order_no)", contracts.Backward, []string{"breaking KEY_ADDED inbound", "dangerous KEY_REMOVED inbound"}},
		{"table renamed", "[inbound]", "[inbox]", contracts.Backward, []string{"breaking TABLE_REMOVED inbound", "safe TABLE_ADDED inbox"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, err := Format{}.Changes(read(t, staging), read(t, strings.Replace(staging, c.from, c.to, 1)), c.mode)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(changes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, changes)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "-- nothing\n", "has no table"},
		{"rows", "CREATE TABLE a (b INT);\nINSERT INTO a VALUES (1);", "v/inbound.sql:2:1: statement INSERT is not read"},
		{"alter", "ALTER TABLE a ADD b INT;", "v/inbound.sql:1:1: ALTER is not read (put the change into CREATE TABLE)"},
		{"view", "CREATE VIEW a AS SELECT 1;", "statement CREATE VIEW is not read"},
		{"query", "CREATE TABLE a AS SELECT 1;", "a table that a query makes is not read"},
		{"type", "CREATE TABLE a (\n  b GEOMETRY);", `v/inbound.sql:2:5: type "GEOMETRY" is not known`},
		{"size", "CREATE TABLE a (b VARCHAR(x));", `a size is expected here, not "x"`},
		{"option", "CREATE TABLE a (b INT NOT EMPTY);", `"NOT" is not known behind column b`},
		{"twice", "CREATE TABLE a (b INT, B INT);", "column B stands here a second time"},
		{"table twice", "CREATE TABLE a (b INT); CREATE TABLE A (b INT);", "table A stands here a second time"},
		{"key", "CREATE TABLE a (b INT, PRIMARY KEY (c));", "the key has column c, which table a does not have"},
		{"open", "CREATE TABLE a (b INT", "the table ends inside of column b"},
		{"open check", "CREATE TABLE a (b INT CHECK (b > 1", "a ( is not closed"},
		{"quote", "CREATE TABLE a (b INT DEFAULT 'x);", "v/inbound.sql:1:31: a quote is not closed"},
		{"comment", "/* CREATE TABLE a (b INT)", "a comment is not closed"},
		{"no UTF-8", "CREATE TABLE a (b INT) -- \xe4", "is no UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "v/inbound.sql", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

func manyColumns(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "c%d DECIMAL(13,3) DEFAULT (%d),", i, i)
	}
	return b.String()
}

func TestLarge(t *testing.T) {
	begun := time.Now()
	for name, text := range map[string]string{
		"50 MB":   strings.Repeat("-- x\n", 10<<20),
		"columns": "CREATE TABLE a (" + manyColumns(60_000) + "c INT);",
		"tables":  strings.Repeat("CREATE TABLE a (b INT);\n", 100_000),
		"nested":  "CREATE TABLE a (b INT CHECK " + strings.Repeat("(", 1<<20),
		"quotes":  "CREATE TABLE a (b INT DEFAULT '" + strings.Repeat("''", 1<<21),
	} {
		if _, err := (Format{}).Read([]contracts.File{{Name: "v/a.sql", Data: []byte(text)}}); err == nil {
			t.Errorf("%s: was read", name)
		}
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(staging))
	f.Add([]byte("CREATE TABLE a (b DECIMAL(13,3) DEFAULT -1 CHECK (b IN (1, -2)), c TEXT DEFAULT 'x'::text, UNIQUE (b, c));"))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := Format{}.Read([]contracts.File{{Name: "f.sql", Data: text}})
		if err != nil {
			return
		}
		d := doc.(*Document)
		d.Parts()
		d.Check(row("inbound", good))
		if changes, err := (Format{}).Changes(d, d, contracts.Full); err != nil || len(changes) > 0 {
			t.Errorf("tables differ from themselves: %v, %v", changes, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	d := read(f, staging)
	f.Add([]byte(good))
	f.Fuzz(func(_ *testing.T, text []byte) {
		x := contracts.Exchange{Request: contracts.Part{Path: "inbound", Body: text}}
		d.Check(x)
		d.Used(x)
		d.Undeclared(x)
	})
}
