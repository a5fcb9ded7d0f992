; What the source view colours in C. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
[(string_literal) (system_lib_string) (char_literal)] @string
(escape_sequence) @escape
(number_literal) @number
[(true) (false) (null)] @constant
(identifier) @constant.upper
(enumerator name: (identifier) @constant)

[(type_identifier) (primitive_type) (sized_type_specifier)] @type
(macro_type_specifier name: (identifier) @preprocessor)
(field_identifier) @property
(statement_identifier) @label

(call_expression function: (identifier) @function)
(call_expression function: (field_expression field: (field_identifier) @function))
(function_declarator declarator: (identifier) @function)
(function_declarator declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @function)))
(function_definition declarator: (function_declarator declarator: (identifier) @definition))
(function_definition
  declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @definition)))
(function_definition declarator: (pointer_declarator
  declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @definition))))
(struct_specifier name: (type_identifier) @definition body: (_))
(union_specifier name: (type_identifier) @definition body: (_))
(enum_specifier name: (type_identifier) @definition body: (_))
(type_definition declarator: (type_identifier) @definition)
(preproc_def name: (identifier) @definition)
(preproc_function_def name: (identifier) @definition)

["break" "case" "continue" "default" "do" "else" "enum" "for" "goto" "if" "return" "sizeof" "struct" "switch" "typedef"
  "union" "while" "offsetof" "asm" "__asm__" "__asm" "__attribute__" "__attribute" "_Generic" "alignof" "_Alignof"
  "__alignof__" "__extension__" "extern" "inline" "register" "static"] @keyword
[(storage_class_specifier) (type_qualifier) (gnu_asm_qualifier) (alignas_qualifier)] @keyword

["#define" "#elif" "#elifdef" "#elifndef" "#else" "#endif" "#if" "#ifdef" "#ifndef" "#include" "defined"
  (preproc_directive)] @preprocessor
(preproc_ifdef name: (identifier) @constant)

["!" "!=" "%" "%=" "&" "&&" "&=" "*" "*=" "+" "++" "+=" "-" "--" "-=" "->" "/" "/=" "<" "<<" "<<=" "<=" "=" "==" ">"
  ">=" ">>" ">>=" "^" "^=" "|" "|=" "||" "~" "?"] @operator
