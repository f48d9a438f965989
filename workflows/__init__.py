"""The application: one package per workflow domain; none imports another."""
