; What the source view colours in Go. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
[(interpreted_string_literal) (raw_string_literal) (rune_literal)] @string
(escape_sequence) @escape
[(int_literal) (float_literal) (imaginary_literal)] @number
[(true) (false) (nil) (iota)] @constant
(const_spec name: (identifier) @constant)

(type_identifier) @type
(field_identifier) @property
(label_name) @label
(package_identifier) @type

(call_expression function: (identifier) @function)
(call_expression function: (selector_expression field: (field_identifier) @function))
(method_elem name: (field_identifier) @function)
(function_declaration name: (identifier) @definition)
(method_declaration name: (field_identifier) @definition)
(type_spec name: (type_identifier) @definition)
(type_alias name: (type_identifier) @definition)

["break" "case" "chan" "const" "continue" "default" "defer" "else" "fallthrough" "for" "func" "go" "goto" "if" "import"
  "interface" "map" "package" "range" "return" "select" "struct" "switch" "type" "var"] @keyword

["!" "!=" "%" "%=" "&" "&&" "&=" "&^" "&^=" "*" "*=" "+" "++" "+=" "-" "--" "-=" "..." "/" "/=" ":=" "<" "<-" "<<" "<<="
  "<=" "=" "==" ">" ">=" ">>" ">>=" "^" "^=" "|" "|=" "||" "~"] @operator
