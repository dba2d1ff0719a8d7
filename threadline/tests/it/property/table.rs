//! The two tables of the property, and the values that their columns take.

use std::fmt::Write as _;

use threadline::{Audited, CapturePolicy};
use uuid::Uuid;

pub const DDL: &str = r#"
    CREATE TABLE items (id int PRIMARY KEY, name text, price numeric, note jsonb, ratio float8, "at" timestamptz,
                        raw bytea, tags text[], counts int[]);
    CREATE TABLE slots (area text, code uuid, label varchar(40) NOT NULL, n bigint, PRIMARY KEY (area, code));"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    Items,
    Slots,
}

/// A value as SQL text, and as the image should hold it.
pub struct Cell {
    pub sql: &'static str,
    pub json: &'static str,
}

pub struct Column {
    pub name: &'static str,
    pub sql_type: &'static str,
    pub cells: &'static [Cell],
}

const fn cell(sql: &'static str, json: &'static str) -> Cell {
    Cell { sql, json }
}

const fn column(name: &'static str, sql_type: &'static str, cells: &'static [Cell]) -> Column {
    Column {
        name,
        sql_type,
        cells,
    }
}

const NULL: Cell = cell("NULL", "null");

/// Every two cells of a column are different values to the audit trail.
static ITEMS: [Column; 8] = [
    column(
        "name",
        "text",
        &[
            NULL,
            cell("''", r#""""#),
            cell("'null'", r#""null""#),
            cell("'O''Brien \\ – \"ü\"'", r#""O'Brien \\ – \"ü\"""#),
        ],
    ),
    column(
        "price",
        "numeric",
        &[
            NULL,
            cell("1.5", "1.5"),
            cell("1.50", "1.50"),
            cell("0", "0"),
            cell(
                "12345678901234567890.123456789",
                "12345678901234567890.123456789",
            ),
        ],
    ),
    column(
        "note",
        "jsonb",
        &[
            NULL,
            cell("'null'", "null"),
            cell("'{}'", "{}"),
            cell(
                r#"'{"b": [1, 2.50], "a": null}'"#,
                r#"{"a": null, "b": [1, 2.50]}"#,
            ),
            cell(r#"'"null"'"#, r#""null""#),
        ],
    ),
    column(
        "ratio",
        "float8",
        &[
            NULL,
            cell("0", "0"),
            cell("'-0'", "0"),
            cell("0.30000000000000004", "0.30000000000000004"),
            cell("'NaN'", r#""NaN""#),
            cell("'-Infinity'", r#""-Infinity""#),
        ],
    ),
    column(
        "at",
        "timestamptz",
        &[
            NULL,
            cell(
                "'2024-02-29 12:00:00.123456+02'",
                r#""2024-02-29T10:00:00.123456+00:00""#,
            ),
            cell("'1969-12-31 23:59:59Z'", r#""1969-12-31T23:59:59+00:00""#),
        ],
    ),
    column(
        "raw",
        "bytea",
        &[
            NULL,
            cell(r"'\x'", r#""\\x""#),
            cell(r"'\x00ff5c'", r#""\\x00ff5c""#),
        ],
    ),
    column(
        "tags",
        "text[]",
        &[
            NULL,
            cell("'{}'", "[]"),
            cell(
                r#"ARRAY['a b', 'NULL', '"', ',']"#,
                r#"["a b", "NULL", "\"", ","]"#,
            ),
        ],
    ),
    column(
        "counts",
        "int[]",
        &[NULL, cell("'{1,2}'", "[1, 2]"), cell("'{2,1}'", "[2, 1]")],
    ),
];

static SLOTS: [Column; 2] = [
    column(
        "label",
        "varchar(40)",
        &[
            cell("'a'", r#""a""#),
            cell("'b '", r#""b ""#),
            cell("''", r#""""#),
        ],
    ),
    column(
        "n",
        "bigint",
        &[
            NULL,
            cell("9007199254740993", "9007199254740993"),
            cell("-1", "-1"),
        ],
    ),
];

impl Table {
    pub const ALL: [Self; 2] = [Self::Items, Self::Slots];

    pub fn name(self) -> &'static str {
        match self {
            Self::Items => "items",
            Self::Slots => "slots",
        }
    }

    /// The columns outside of the key.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Items => &ITEMS,
            Self::Slots => &SLOTS,
        }
    }

    /// The columns of the key, and the one that a key change changes.
    pub fn key_columns(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Items => (&["id"], "id"),
            Self::Slots => (&["area", "code"], "code"),
        }
    }
}

/// A key. Each connection has its own, so that no two of them wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub table: Table,
    pub connection: u8,
    pub n: u8,
}

/// The places of a row's values in the cells of their columns.
pub type Values = Vec<usize>;

impl Key {
    pub fn id(self) -> i32 {
        i32::from(self.connection) * 10 + i32::from(self.n)
    }

    pub fn area(self) -> String {
        ["", "Zone \"1\"", "null"][usize::from(self.connection)].to_owned()
    }

    pub fn code(self) -> Uuid {
        Uuid::from_u128(0xa000_4000_8000_0000_0000 + u128::from(self.n))
    }

    /// The key columns with their values as SQL, in the order of the table.
    pub fn sql(self) -> Vec<(&'static str, String)> {
        match self.table {
            Table::Items => vec![("id", self.id().to_string())],
            Table::Slots => vec![
                ("area", format!("'{}'", self.area())),
                ("code", format!("'{}'", self.code())),
            ],
        }
    }

    fn json(self) -> Vec<(&'static str, String)> {
        match self.table {
            Table::Items => vec![("id", self.id().to_string())],
            Table::Slots => vec![
                ("area", format!("{:?}", self.area())),
                ("code", format!("\"{}\"", self.code())),
            ],
        }
    }

    /// The key as the trail records it.
    pub fn recorded(self) -> String {
        object(self.json())
    }

    /// The row as the trail records it.
    pub fn image(self, values: &Values) -> String {
        let mut fields = self.json();
        let columns = self.table.columns().iter().zip(values);
        fields.extend(columns.map(|(column, &i)| (column.name, column.cells[i].json.to_owned())));
        object(fields)
    }

    /// The columns in which two rows differ and their values in the first one.
    pub fn difference(
        self,
        values: &Values,
        to: Self,
        after: &Values,
    ) -> (Vec<&'static str>, String) {
        let mut fields = self.json();
        fields.retain(|(name, _)| self != to && *name == self.table.key_columns().1);
        for (i, column) in self.table.columns().iter().enumerate() {
            if values[i] != after[i] {
                fields.push((column.name, column.cells[values[i]].json.to_owned()));
            }
        }
        (
            fields.iter().map(|(name, _)| *name).collect(),
            object(fields),
        )
    }

    /// The row as a SELECT of constants.
    pub fn select(self, values: &Values) -> String {
        let mut list = Vec::new();
        for (name, value) in self.sql() {
            let sql_type = match name {
                "id" => "int",
                "area" => "text",
                _ => "uuid",
            };
            list.push(format!("{value}::{sql_type} AS {name}"));
        }
        for (column, &i) in self.table.columns().iter().zip(values) {
            let Column {
                name,
                sql_type,
                cells,
            } = column;
            list.push(format!("({})::{sql_type} AS \"{name}\"", cells[i].sql));
        }
        format!("SELECT {}", list.join(", "))
    }
}

/// A JSON object as `jsonb` prints it: shorter names first.
fn object(mut fields: Vec<(&'static str, String)>) -> String {
    fields.sort_by_key(|(name, _)| (name.len(), *name));
    let mut text = String::from("{");
    for (i, (name, value)) in fields.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(text, "{comma}\"{name}\": {value}").unwrap();
    }
    text + "}"
}

pub mod item {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "items")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub name: Option<String>,
        pub price: Option<Decimal>,
        #[sea_orm(column_type = "JsonBinary")]
        pub note: Option<Json>,
        pub ratio: Option<f64>,
        pub at: Option<DateTimeUtc>,
        pub raw: Option<Vec<u8>>,
        pub tags: Option<Vec<String>>,
        pub counts: Option<Vec<i32>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod slot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "slots")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: Uuid,
        pub label: String,
        pub n: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

// By hand: the derive would list them for `install_triggers`, which other tests call.
impl Audited for item::Entity {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}

impl Audited for slot::Entity {
    fn policy() -> CapturePolicy {
        CapturePolicy::default()
    }
}
