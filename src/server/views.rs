//! The database and the platforms → what each page is made of.
