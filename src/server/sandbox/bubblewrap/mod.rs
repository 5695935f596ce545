//! The sandbox made with bubblewrap: namespaces of an ordinary user, nothing to install but one package.
