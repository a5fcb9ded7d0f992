; What the source view colours in TOML. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
(string) @string
(escape_sequence) @escape
[(integer) (float) (offset_date_time) (local_date_time) (local_date) (local_time)] @number
(boolean) @constant
[(bare_key) (quoted_key)] @property
(table [(bare_key) (quoted_key)] @definition)
(table (dotted_key [(bare_key) (quoted_key)] @definition))
(table_array_element [(bare_key) (quoted_key)] @definition)
(table_array_element (dotted_key [(bare_key) (quoted_key)] @definition))
"=" @operator
