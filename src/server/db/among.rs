//! A column is one of some values, in a statement that is the same for any number of them.

use super::Db;
use sea_orm::{
    ColumnTrait, DbBackend,
    sea_query::{Expr, ExprTrait as _, Func, Query},
};

/// `column` is one of `values`, which are one parameter, a JSON array.
///
/// Connections keep the statements that they have prepared. With a parameter for each value there is another statement for
/// each number of values, and many large ones make the process grow; SQLite has a limit for parameters besides.
pub(super) fn among(db: &Db, column: impl ColumnTrait, values: &[impl AsRef<str>]) -> Expr {
    let array = serde_json::Value::from_iter(values.iter().map(AsRef::as_ref)).to_string();
    let rows = match db.orm.get_database_backend() {
        DbBackend::Postgres => Func::cust("json_array_elements_text").arg(Expr::val(array).cast_as("json")),
        _ => Func::cust("json_each").arg(array),
    };
    column.in_subquery(Query::select().column("value").from_function(rows, "value").to_owned())
}
