"""What a brief says of a project in a language with classes, packages or crates: everything that is not C."""
