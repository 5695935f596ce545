//! Server functions: each checks the user, calls one function of the server, and maps the error.
