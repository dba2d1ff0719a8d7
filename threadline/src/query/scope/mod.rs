//! A condition of the host that narrows every read: [`ChangeScope`].
//!
//! What is out of scope is as if it were not there. `docs/design/0013` says what that means for a
//! transaction with changes on both sides, and for a record that left the scope.

mod change_scope;
mod standing;
mod text;
mod visible;

pub use self::change_scope::{ChangeScope, InvalidScope};
pub(crate) use self::{
    standing::{Standing, standings},
    visible::{holds_for, withheld_columns},
};
