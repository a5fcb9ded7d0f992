; The outline of a TOML file: its tables and their keys.

(comment) @doc

(document (table . (_) @name) @definition.key)
(document (table_array_element . (_) @name) @definition.key)
(document (pair . (_) @name) @definition.key)
(document (table (pair . (_) @name) @definition.key))

(ERROR) @error
(MISSING) @error
