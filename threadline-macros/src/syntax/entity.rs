use proc_macro2::{Ident, Span};

/// An entity as its source describes it.
#[derive(Debug)]
pub(crate) struct EntitySyntax {
    /// The type that stands for the table, as a rule `Entity`.
    pub(crate) entity: Ident,
    /// Who writes `Entity`, `Column` and `PrimaryKey`.
    pub(crate) form: EntityForm,
    /// The table; `None` when the entity names it elsewhere, in `impl EntityName`.
    pub(crate) table_name: Option<String>,
    /// The schema, when the entity names one.
    pub(crate) schema_name: Option<String>,
    /// The fields that are columns, in the order of the struct.
    pub(crate) columns: Vec<ColumnSyntax>,
    /// Columns that are not recorded.
    pub(crate) exclude: Vec<ColumnRef>,
    /// Columns whose value is replaced.
    pub(crate) mask: Vec<ColumnRef>,
    /// Columns left out of the changed fields.
    pub(crate) except: Vec<ColumnRef>,
    /// Whether previous values are stored.
    pub(crate) store_changed_from: bool,
    /// The columns that identify a row of a table without primary key.
    pub(crate) primary_key: Option<Vec<ColumnRef>>,
    /// What a write without context means.
    pub(crate) context: ContextMode,
    /// What a TRUNCATE means.
    pub(crate) truncate: TruncateMode,
    /// Whether rows are captured one by one or by statement.
    pub(crate) capture: CaptureLevel,
}

/// Who writes the types of the entity, and so how much its `Model` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntityForm {
    /// `DeriveEntityModel`: the names of the columns and the key are on the `Model`.
    Derived,
    /// By hand: renamed columns and the key are on `Column` and `PrimaryKey`, which can't be seen
    /// from the `Model`. The names read here are those that SeaORM gives when nothing is renamed.
    Expanded,
}

/// A field that is a column.
#[derive(Clone, Debug)]
pub(crate) struct ColumnSyntax {
    /// The field.
    pub(crate) field: Ident,
    /// Its variant of `Column`.
    pub(crate) variant: Ident,
    /// Its name in the database; see [`EntityForm::Expanded`] for the exception.
    pub(crate) name: String,
    /// Whether it is marked `#[sea_orm(primary_key)]`.
    pub(crate) is_key: bool,
    /// Where the field is.
    pub(crate) span: Span,
}

/// A column that a policy names.
#[derive(Clone, Debug)]
pub(crate) struct ColumnRef {
    /// Its name in the database.
    pub(crate) name: String,
    /// Its variant of `Column`; `None` for a column that the model leaves out.
    pub(crate) variant: Option<Ident>,
    /// The word that names it.
    pub(crate) span: Span,
}

/// What a write without context means for an audited table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ContextMode {
    #[default]
    Allow,
    Warn,
    Require,
}

impl ContextMode {
    /// The words and what they stand for.
    pub(crate) const WORDS: [(&'static str, Self); 3] = [
        ("allow", Self::Allow),
        ("warn", Self::Warn),
        ("require", Self::Require),
    ];
}

/// What a TRUNCATE of an audited table means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TruncateMode {
    #[default]
    Record,
    Refuse,
    Rows,
}

impl TruncateMode {
    /// The words and what they stand for.
    pub(crate) const WORDS: [(&'static str, Self); 3] = [
        ("record", Self::Record),
        ("refuse", Self::Refuse),
        ("rows", Self::Rows),
    ];
}

/// When changes are captured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CaptureLevel {
    #[default]
    Row,
    Statement,
}

impl CaptureLevel {
    /// The words and what they stand for.
    pub(crate) const WORDS: [(&'static str, Self); 2] =
        [("row", Self::Row), ("statement", Self::Statement)];
}
