; What the source view colours in Rust. `codereader.fronts.tui.source.highlight` tells the captures.

[(line_comment) (block_comment)] @comment
[(string_literal) (raw_string_literal) (char_literal)] @string
(escape_sequence) @escape
[(integer_literal) (float_literal)] @number
(boolean_literal) @constant
(identifier) @constant.upper
(identifier) @type.capital

[(type_identifier) (primitive_type)] @type
[(field_identifier) (shorthand_field_identifier)] @property
[(lifetime) (label)] @label
(metavariable) @preprocessor

(call_expression function: (identifier) @function)
(call_expression function: (field_expression field: (field_identifier) @function))
(call_expression function: (scoped_identifier name: (identifier) @function))
(call_expression function: (generic_function function: (identifier) @function))
(call_expression function: (generic_function function: (scoped_identifier name: (identifier) @function)))
(call_expression function: (generic_function function: (field_expression field: (field_identifier) @function)))
(macro_invocation macro: (_) @preprocessor "!" @preprocessor)
(function_item name: (identifier) @definition)
(function_signature_item name: (identifier) @definition)
(struct_item name: (type_identifier) @definition)
(enum_item name: (type_identifier) @definition)
(union_item name: (type_identifier) @definition)
(trait_item name: (type_identifier) @definition)
(type_item name: (type_identifier) @definition)
(mod_item name: (identifier) @definition)
(const_item name: (identifier) @definition)
(static_item name: (identifier) @definition)
(macro_definition name: (identifier) @definition)
(enum_variant name: (identifier) @constant)
[(attribute_item) (inner_attribute_item)] @attribute

["as" "async" "await" "break" "const" "continue" "dyn" "else" "enum" "extern" "fn" "for" "if" "impl" "in" "let" "loop"
  "match" "mod" "move" "pub" "ref" "return" "static" "struct" "trait" "type" "union" "unsafe" "use" "where" "while"
  "yield" "macro_rules!"] @keyword
[(mutable_specifier) (self) (super) (crate)] @keyword

["!" "!=" "%" "%=" "&" "&&" "&=" "*" "*=" "+" "+=" "-" "-=" "->" ".." "..=" "/" "/=" "<" "<<" "<<=" "<=" "=" "==" "=>"
  ">" ">=" ">>" ">>=" "?" "^" "^=" "|" "|=" "||"] @operator
