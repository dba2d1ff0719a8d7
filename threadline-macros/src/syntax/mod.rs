//! What an entity's source says: its columns by SeaORM's rules, its policy by ours.
//!
//! Read by the derive from the compiler's tokens and by the command line from files, so it knows
//! neither the compiler nor the library. Reading has two steps: `read_*` takes what is written,
//! [`check`] holds it against the rules. All mistakes are reported together.

#![allow(
    dead_code,
    unused_imports,
    reason = "the derive and the command line use different parts"
)]

mod check;
mod column_name;
mod entity;
mod errors;
mod nearest;
mod read_audited;
mod read_sea_orm;
mod value;

use syn::{Data, DeriveInput, Error, Fields, FieldsNamed};

pub(crate) use self::{
    entity::{
        CaptureLevel, ColumnRef, ColumnSyntax, ContextMode, EntityForm, EntitySyntax, TruncateMode,
    },
    read_sea_orm::given_column_name,
};
use self::{
    errors::Errors,
    read_audited::Words,
    read_sea_orm::{FieldKind, Model},
};

/// The name of the second struct that `#[sea_orm::model]` makes of a `Model`.
pub(crate) const DENSE_TWIN: &str = "ModelEx";

/// Reads an entity from its `Model`.
///
/// # Errors
/// Every mistake found, combined into one error.
pub(crate) fn parse(input: &DeriveInput) -> Result<EntitySyntax, Error> {
    let fields = named_fields(input)?;
    let mut errors = Errors::default();
    let model = Model::read(input, fields);
    let words = Words::read(input, fields, &model, &mut errors);
    let entity = check::entity(input, model, words, &mut errors);
    errors.into_result(entity)
}

/// Checks the relation fields of the struct named [`DENSE_TWIN`]: the `Model` does not have them.
///
/// # Errors
/// When a relation carries a word of ours.
pub(crate) fn check_dense_twin(input: &DeriveInput) -> Result<(), Error> {
    let mut errors = Errors::default();
    for field in &named_fields(input)?.named {
        if FieldKind::of(field) == FieldKind::Relation {
            read_audited::refuse_words(field, FieldKind::Relation, &mut errors);
        }
    }
    errors.into_result(())
}

fn named_fields(input: &DeriveInput) -> Result<&FieldsNamed, Error> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields),
            Fields::Unnamed(_) | Fields::Unit => Err(Error::new(
                input.ident.span(),
                "`Audited` needs a struct with named fields: derive it on the entity's `Model`",
            )),
        },
        Data::Enum(_) | Data::Union(_) => Err(Error::new(
            input.ident.span(),
            "`Audited` can't be derived here: derive it on the struct `Model` of an entity",
        )),
    }
}
