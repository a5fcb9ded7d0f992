; What the source view colours in Java. `codereader.fronts.tui.source.highlight` tells the captures.

[(line_comment) (block_comment)] @comment
[(string_literal) (character_literal)] @string
(escape_sequence) @escape
[(decimal_integer_literal) (hex_integer_literal) (octal_integer_literal) (binary_integer_literal)
  (decimal_floating_point_literal) (hex_floating_point_literal)] @number
[(true) (false) (null_literal)] @constant
(identifier) @constant.upper
(enum_constant name: (identifier) @constant)

[(type_identifier) (integral_type) (floating_point_type) (boolean_type) (void_type)] @type
(method_invocation object: (identifier) @type.capital)
(field_access object: (identifier) @type.capital)
(field_access field: (identifier) @property)
(labeled_statement (identifier) @label)

(method_invocation name: (identifier) @function)
(method_reference (identifier) @function)
(method_declaration name: (identifier) @definition)
(constructor_declaration name: (identifier) @definition)
(class_declaration name: (identifier) @definition)
(interface_declaration name: (identifier) @definition)
(enum_declaration name: (identifier) @definition)
(record_declaration name: (identifier) @definition)
(annotation_type_declaration name: (identifier) @definition)
(marker_annotation "@" @attribute name: (_) @attribute)
(annotation "@" @attribute name: (_) @attribute)

["abstract" "assert" "break" "case" "catch" "class" "continue" "default" "do" "else" "enum" "exports" "extends" "final"
  "finally" "for" "if" "implements" "import" "instanceof" "interface" "module" "native" "new" "non-sealed" "opens"
  "package" "permits" "private" "protected" "provides" "public" "record" "requires" "return" "sealed" "static"
  "strictfp" "switch" "synchronized" "throw" "throws" "transient" "transitive" "try" "uses" "volatile" "when" "while"
  "with" "yield" "@interface"] @keyword
[(this) (super)] @keyword

["!" "!=" "%" "%=" "&" "&&" "&=" "*" "*=" "+" "++" "+=" "-" "--" "-=" "->" "/" "/=" "::" "<" "<<" "<<=" "<=" "=" "=="
  ">" ">=" ">>" ">>=" ">>>" ">>>=" "?" "^" "^=" "|" "|=" "||" "~"] @operator
