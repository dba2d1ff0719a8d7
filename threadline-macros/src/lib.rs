//! The derive macro of Threadline; use it as `threadline::Audited`.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod expand;
mod syntax;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Declares that the table of an entity is captured, and what is captured of it.
///
/// Derived on the `Model` of an entity, in any form that SeaORM knows: `#[sea_orm::model]`,
/// `DeriveEntityModel` alone, or written by hand. Implements [`Audited`] for `Entity` and registers
/// the entity, so that the whole program's policies can be compared with the database.
///
/// ```
/// mod account {
///     use sea_orm::entity::prelude::*;
///     use threadline::Audited;
///
///     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Audited)]
///     #[sea_orm(table_name = "accounts")]
///     #[audited(exclude("pin_hash", unmapped("search_vector")), context = "require")]
///     pub struct Model {
///         #[sea_orm(primary_key)]
///         pub id: i32,
///         #[audited(mask)]
///         pub email: String,
///         pub pin_hash: String,
///         #[audited(except)]
///         pub last_seen: i64,
///     }
///
///     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
///     pub enum Relation {}
///
///     impl ActiveModelBehavior for ActiveModel {}
/// }
///
/// use threadline::Audited;
///
/// let policy = account::Entity::policy();
/// assert_eq!(policy.mask, ["email"]);
/// assert_eq!(policy.exclude, ["pin_hash", "search_vector"]);
/// assert_eq!(policy.except, ["last_seen"]);
/// ```
///
/// # Words on a field
///
/// - `#[audited(mask)]`: the row images keep the column, its value is replaced by a placeholder.
/// - `#[audited(exclude)]`: the column is not recorded at all.
/// - `#[audited(except)]`: the column is in the row images, but a change of it is neither listed
///   among the changed fields nor is its previous value kept.
///
/// Default: the column is recorded as it is.
///
/// # Words on the struct
///
/// - `mask("a", "b")`, `exclude(..)`, `except(..)`: the same for columns by name. Default: none.
/// - `store_changed_from = false`: previous values are not stored. Default: `true`.
/// - `primary_key("a", "b")`: for a table without PRIMARY KEY constraint that has a unique index on
///   these columns. They must be the ones marked `#[sea_orm(primary_key)]`. Default: the table's
///   primary key.
/// - `context = ".."`: what a write without context means. `"allow"` captures it without an actor,
///   `"warn"` also raises a warning, `"require"` makes it fail. Default: `"allow"`.
/// - `truncate = ".."`: what a TRUNCATE means. `"record"` captures one marker, `"refuse"` makes it
///   fail, `"rows"` captures the last image of every row first. Default: `"record"`.
/// - `capture = ".."`: when changes are captured. `"row"` captures each row as it changes,
///   `"statement"` all rows of a statement at its end, which costs about half where statements
///   change many rows and more where they change one. Default: `"row"`.
///
/// # Names
///
/// A name in a list is the name of the column in the database and must belong to a field, so that
/// a slip of the pen never lets a secret into the trail. A column that the model leaves out, a
/// `tsvector` for example, is written `unmapped("search_vector")`; that one is compared with the
/// table when the triggers are generated.
///
/// In an entity written by hand, a name given on its `Column` enum can't be seen from the `Model`.
/// There a name in a list stands for the field to which SeaORM would give that name, and a word on
/// the field is the better choice. Its key can't be seen either: that it is not redacted is checked
/// when the triggers are generated.
///
/// A field under `#[cfg]` takes its words with it; name its column on the struct only where the
/// field is always built.
///
/// # Mistakes
///
/// Unknown words and columns, a column that is both masked and excluded, a redacted key, a column
/// listed twice and words on relations do not compile. All mistakes of an entity are reported
/// together, each at the word in question.
///
/// [`Audited`]: https://docs.rs/threadline/latest/threadline/trait.Audited.html
#[proc_macro_derive(Audited, attributes(audited))]
pub fn derive_audited(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let output = if input.ident == syntax::DENSE_TWIN {
        syntax::check_dense_twin(&input).map(|()| proc_macro2::TokenStream::new())
    } else {
        syntax::parse(&input).map(|entity| expand::audited(&entity))
    };
    output.unwrap_or_else(Error::into_compile_error).into()
}
