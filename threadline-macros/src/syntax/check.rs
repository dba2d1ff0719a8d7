//! Holds what is written against the rules.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::{DeriveInput, LitStr};

use super::{
    column_name,
    entity::{ColumnRef, ColumnSyntax, EntityForm, EntitySyntax},
    errors::Errors,
    nearest::nearest,
    read_audited::{Words, Written},
    read_sea_orm::Model,
};

pub(super) fn entity(
    input: &DeriveInput,
    model: Model,
    words: Words,
    errors: &mut Errors,
) -> EntitySyntax {
    check_model(input, &model, errors);
    let names = Names {
        form: model.form,
        columns: &model.columns,
    };
    let exclude = names.resolve_list("exclude", words.exclude, errors);
    let mask = names.resolve_list("mask", words.mask, errors);
    let except = names.resolve_list("except", words.except, errors);
    let primary_key = words.primary_key.map(|(span, written)| {
        let all = written.len();
        let key = names.resolve_list("primary_key", written, errors);
        if key.len() == all && !key.is_empty() {
            names.check_key_override(span, &key, errors);
        }
        key
    });

    for column in common(&mask, &exclude) {
        let name = &column.name;
        errors.at(
            column.span,
            format_args!("column `{name}` is both masked and excluded; choose one"),
        );
    }
    for column in common(&except, &exclude) {
        let name = &column.name;
        errors.at(
            column.span,
            format_args!("column `{name}` is excluded, so `except` does nothing; remove one"),
        );
    }
    let key: BTreeSet<&str> = names
        .key()
        .chain(
            primary_key
                .iter()
                .flatten()
                .map(|column| column.name.as_str()),
        )
        .collect();
    for column in mask
        .iter()
        .chain(&exclude)
        .filter(|column| key.contains(column.name.as_str()))
    {
        let name = &column.name;
        errors.at(
            column.span,
            format_args!("key column `{name}` can be neither masked nor excluded"),
        );
    }

    EntitySyntax {
        entity: model.entity,
        form: model.form,
        table_name: model.table_name,
        schema_name: model.schema_name,
        columns: model.columns,
        exclude,
        mask,
        except,
        store_changed_from: words.store_changed_from.unwrap_or(true),
        primary_key,
        context: words.context.unwrap_or_default(),
        truncate: words.truncate.unwrap_or_default(),
        capture: words.capture.unwrap_or_default(),
    }
}

fn check_model(input: &DeriveInput, model: &Model, errors: &mut Errors) {
    let name = &input.ident;
    if !model.has_attributes && name != "Model" {
        errors.at(
            name.span(),
            format_args!(
                "`{name}` is not the model of a SeaORM entity: add `DeriveEntityModel` and \
                 `#[sea_orm(table_name = \"..\")]`, or `#[sea_orm(entity = Entity)]` if the entity \
                 is written by hand"
            ),
        );
    } else if model.form == EntityForm::Derived && !model.columns.iter().any(|column| column.is_key)
    {
        errors.at(
            name.span(),
            "no field is marked `#[sea_orm(primary_key)]`: without a key the changes of a row \
             can't be found",
        );
    }
}

/// The columns in `some` that are also in `others`.
fn common<'a>(some: &'a [ColumnRef], others: &[ColumnRef]) -> impl Iterator<Item = &'a ColumnRef> {
    some.iter()
        .filter(|column| others.iter().any(|other| other.name == column.name))
}

/// The columns that can be named.
struct Names<'a> {
    form: EntityForm,
    columns: &'a [ColumnSyntax],
}

impl Names<'_> {
    fn find(&self, name: &str) -> Option<&ColumnSyntax> {
        self.columns.iter().find(|column| column.name == name)
    }

    fn key(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .filter(|column| column.is_key)
            .map(|column| column.name.as_str())
    }

    fn resolve_list(
        &self,
        list: &str,
        written: Vec<Written>,
        errors: &mut Errors,
    ) -> Vec<ColumnRef> {
        let mut resolved: Vec<(ColumnRef, bool)> = Vec::new();
        for written in written {
            let on_field = matches!(written, Written::OnField(..));
            let Some(column) = self.resolve(list, written, errors) else {
                continue;
            };
            match resolved.iter().find(|(other, _)| other.name == column.name) {
                // Two fields of one column: alternatives under `cfg`, seen by a reader of files.
                Some((_, true)) if on_field => {}
                Some(_) => errors.at(
                    column.span,
                    format_args!("column `{}` is listed twice in `{list}`", column.name),
                ),
                None => resolved.push((column, on_field)),
            }
        }
        resolved.into_iter().map(|(column, _)| column).collect()
    }

    fn resolve(&self, list: &str, written: Written, errors: &mut Errors) -> Option<ColumnRef> {
        match written {
            Written::OnField(column, span) => Some(ColumnRef {
                name: column.name,
                variant: Some(column.variant),
                span,
            }),
            Written::Named(name) => self.resolve_name(list, &name, errors),
            Written::Unmapped(name) if list == "primary_key" => {
                errors.at(name.span(), "a key column must be a field of the model");
                None
            }
            Written::Unmapped(name) => self.resolve_unmapped(&name, errors),
        }
    }

    fn resolve_name(&self, list: &str, literal: &LitStr, errors: &mut Errors) -> Option<ColumnRef> {
        let name = literal.value();
        if let Some(column) = self.find(&name) {
            let variant = Some(column.variant.clone());
            return Some(ColumnRef {
                name,
                variant,
                span: literal.span(),
            });
        }
        let mut message = format!("no field of the model has the column `{name}`");
        if let Some(meant) = self.meant(&name) {
            message.push_str(&format!("; did you mean `{meant}`?"));
        } else if list != "primary_key" && !name.is_empty() {
            message.push_str(&format!(
                "; if the table has it and the model leaves it out, write `unmapped(\"{name}\")`"
            ));
        }
        if self.form == EntityForm::Expanded && list != "primary_key" {
            message.push_str(&format!(
                "; a name given in a hand-written `Column` can't be seen here, write \
                 `#[audited({list})]` on the field"
            ));
        }
        errors.at(literal.span(), message);
        None
    }

    /// The column that was meant by a name that is none.
    fn meant(&self, name: &str) -> Option<&str> {
        let by_field = self
            .columns
            .iter()
            .find(|column| column_name::unraw(&column.field) == name);
        by_field
            .map(|column| column.name.as_str())
            .or_else(|| nearest(name, self.columns.iter().map(|column| column.name.as_str())))
    }

    fn resolve_unmapped(&self, literal: &LitStr, errors: &mut Errors) -> Option<ColumnRef> {
        let name = literal.value();
        if name.is_empty() {
            errors.at(literal.span(), "the name of a column can't be empty");
            return None;
        }
        if let Some(column) = self.find(&name) {
            let field = &column.field;
            errors.at(
                literal.span(),
                format_args!(
                    "`{name}` is the column of the field `{field}`; write it without `unmapped`"
                ),
            );
            return None;
        }
        Some(ColumnRef {
            name,
            variant: None,
            span: literal.span(),
        })
    }

    fn check_key_override(&self, span: Span, key: &[ColumnRef], errors: &mut Errors) {
        let written: BTreeSet<&str> = key.iter().map(|column| column.name.as_str()).collect();
        let fields: BTreeSet<&str> = self.key().collect();
        if self.form == EntityForm::Expanded || fields.is_empty() || written == fields {
            return;
        }
        let fields: Vec<_> = self.key().map(|name| format!("`{name}`")).collect();
        errors.at(
            span,
            format_args!(
                "`primary_key` must name the columns marked `#[sea_orm(primary_key)]`: {}; it is \
                 for a table without PRIMARY KEY constraint that has a unique index on them",
                fields.join(", ")
            ),
        );
    }
}
