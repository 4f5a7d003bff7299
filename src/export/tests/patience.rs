//! A service that keeps us waiting, on real sockets: the time allowed runs out, and the page is
//! asked for again.
