//! Reads `#[sea_orm(..)]`. What is wrong there is SeaORM's to report, so nothing here fails.

use proc_macro2::Ident;
use syn::{
    Attribute, DeriveInput, Expr, Field, FieldsNamed, Lit, Meta, Token, Type,
    punctuated::Punctuated,
};

use super::{
    column_name::{self, RenameAll},
    entity::{ColumnSyntax, EntityForm},
};

/// Container words that only `DeriveEntityModel` gives a meaning to.
const DERIVED_WORDS: [&str; 6] = [
    "table_name",
    "schema_name",
    "table_iden",
    "rename_all",
    "comment",
    "model_ex",
];

/// What `#[sea_orm(..)]` says of a model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) entity: Ident,
    pub(super) form: EntityForm,
    /// Whether the struct says anything to SeaORM.
    pub(super) has_attributes: bool,
    pub(super) table_name: Option<String>,
    pub(super) schema_name: Option<String>,
    pub(super) columns: Vec<ColumnSyntax>,
}

impl Model {
    pub(super) fn read(input: &DeriveInput, fields: &FieldsNamed) -> Self {
        let container = words(&input.attrs);
        let rename_all = text(&container, "rename_all");
        let rename_all = rename_all.as_deref().and_then(RenameAll::from_word);
        let columns: Vec<_> = fields
            .named
            .iter()
            .filter(|field| FieldKind::of(field) == FieldKind::Column)
            .filter_map(|field| column(field, rename_all))
            .collect();
        let derived = DERIVED_WORDS.iter().any(|word| has(&container, word))
            || columns.iter().any(|column| column.is_key);
        Self {
            entity: entity(&container).unwrap_or_else(|| Ident::new("Entity", input.ident.span())),
            form: if derived {
                EntityForm::Derived
            } else {
                EntityForm::Expanded
            },
            has_attributes: derived || !container.is_empty(),
            table_name: text(&container, "table_name"),
            schema_name: text(&container, "schema_name"),
            columns,
        }
    }

    /// The column of a field.
    pub(super) fn column_of(&self, field: &Ident) -> Option<&ColumnSyntax> {
        self.columns.iter().find(|column| column.field == *field)
    }
}

/// What a field of a model is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldKind {
    Column,
    /// Leads to other entities; only in dense entities.
    Relation,
    /// Marked `#[sea_orm(ignore)]`.
    Ignored,
}

impl FieldKind {
    pub(super) fn of(field: &Field) -> Self {
        const RELATIONS: [&str; 3] = ["BelongsTo", "HasMany", "HasOne"];
        if let Type::Path(path) = &field.ty
            && let Some(last) = path.path.segments.last()
            && RELATIONS.iter().any(|relation| last.ident == relation)
        {
            Self::Relation
        } else if has(&words(&field.attrs), "ignore") {
            Self::Ignored
        } else {
            Self::Column
        }
    }
}

fn column(field: &Field, rename_all: Option<RenameAll>) -> Option<ColumnSyntax> {
    let ident = field.ident.as_ref()?;
    let words = words(&field.attrs);
    let variant = column_name::variant(ident, text(&words, "enum_name").as_deref());
    let name = text(&words, "column_name")
        .unwrap_or_else(|| column_name::implied(ident, &variant, rename_all));
    let is_key = has(&words, "primary_key");
    Some(ColumnSyntax {
        field: ident.clone(),
        variant,
        name,
        is_key,
        span: ident.span(),
    })
}

/// The attributes named `name`, also those that stand in a `cfg_attr`.
///
/// The compiler has resolved each `cfg_attr` before a derive runs. A reader of files can't, and
/// takes it as holding: to record too little is the safer mistake.
pub(super) fn attributes(attrs: &[Attribute], name: &str) -> Vec<Meta> {
    let mut found = Vec::new();
    for attr in attrs {
        collect(attr.meta.clone(), name, &mut found);
    }
    found
}

fn collect(meta: Meta, name: &str, found: &mut Vec<Meta>) {
    if meta.path().is_ident(name) {
        found.push(meta);
    } else if meta.path().is_ident("cfg_attr")
        && let Meta::List(list) = &meta
        && let Ok(inner) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
    {
        inner
            .into_iter()
            .skip(1)
            .for_each(|meta| collect(meta, name, found));
    }
}

fn words(attrs: &[Attribute]) -> Vec<Meta> {
    attributes(attrs, "sea_orm")
        .iter()
        .filter_map(|meta| meta.require_list().ok())
        .filter_map(|list| {
            list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .collect()
}

/// The name that `#[sea_orm(column_name = "..")]` gives to a column.
pub(crate) fn given_column_name(attrs: &[Attribute]) -> Option<String> {
    text(&words(attrs), "column_name")
}

fn has(words: &[Meta], word: &str) -> bool {
    words.iter().any(|meta| meta.path().is_ident(word))
}

/// The string that a word is set to. SeaORM takes the last one.
fn text(words: &[Meta], word: &str) -> Option<String> {
    words.iter().rev().find_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident(word) => match literal(&pair.value)? {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// The entity that a model written by hand belongs to, when it says so.
fn entity(words: &[Meta]) -> Option<Ident> {
    words.iter().find_map(|meta| match meta {
        Meta::NameValue(pair) if pair.path.is_ident("entity") => match &pair.value {
            Expr::Path(path) => path.path.get_ident().cloned(),
            _ => None,
        },
        _ => None,
    })
}

/// The literal that an expression is, also when a macro wrapped it into an invisible group.
pub(super) fn literal(expr: &Expr) -> Option<&Lit> {
    match expr {
        Expr::Lit(expr) => Some(&expr.lit),
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}
