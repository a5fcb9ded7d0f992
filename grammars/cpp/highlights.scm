; What the source view colours in C++. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
[(string_literal) (raw_string_literal) (system_lib_string) (char_literal)] @string
(escape_sequence) @escape
[(number_literal) (user_defined_literal)] @number
[(true) (false) (null)] @constant
(identifier) @constant.upper
(enumerator name: (identifier) @constant)
(this) @keyword

[(type_identifier) (primitive_type) (sized_type_specifier) (auto) (namespace_identifier)] @type
(field_identifier) @property
(statement_identifier) @label

(call_expression function: (identifier) @function)
(call_expression function: (qualified_identifier name: (identifier) @function))
(call_expression function: (field_expression field: (field_identifier) @function))
(call_expression function: (template_function name: (identifier) @function))
(call_expression function: (qualified_identifier name: (template_function name: (identifier) @function)))
(call_expression function: (field_expression field: (template_method name: (field_identifier) @function)))
(function_declarator declarator: [(identifier) (field_identifier)] @function)
(function_declarator declarator: (qualified_identifier name: (identifier) @function))
(function_definition declarator: (function_declarator declarator: [(identifier) (field_identifier)] @definition))
(function_definition
  declarator: (function_declarator declarator: (qualified_identifier name: (identifier) @definition)))
(function_definition declarator: (pointer_declarator
  declarator: (function_declarator declarator: [(identifier) (field_identifier)] @definition)))
(function_definition declarator: (reference_declarator
  (function_declarator declarator: [(identifier) (field_identifier)] @definition)))
(function_definition declarator: (pointer_declarator
  declarator: (function_declarator declarator: (qualified_identifier name: (identifier) @definition))))
(function_definition declarator: (reference_declarator
  (function_declarator declarator: (qualified_identifier name: (identifier) @definition))))
(destructor_name (identifier) @definition)
[(operator_name) (operator_cast)] @function
(class_specifier name: (type_identifier) @definition body: (_))
(struct_specifier name: (type_identifier) @definition body: (_))
(union_specifier name: (type_identifier) @definition body: (_))
(enum_specifier name: (type_identifier) @definition body: (_))
(type_definition declarator: (type_identifier) @definition)
(alias_declaration name: (type_identifier) @definition)
(concept_definition name: (identifier) @definition)
(namespace_definition name: (namespace_identifier) @definition)
(preproc_def name: (identifier) @definition)
(preproc_function_def name: (identifier) @definition)

["break" "case" "catch" "class" "co_await" "co_return" "co_yield" "concept" "continue" "decltype" "default" "delete"
  "do" "else" "enum" "explicit" "final" "for" "friend" "goto" "if" "namespace" "new" "noexcept" "operator" "override"
  "private" "protected" "public" "requires" "return" "sizeof" "static_assert" "struct" "switch" "template" "throw"
  "try" "typedef" "typename" "union" "using" "virtual" "while" "asm" "__asm__" "__attribute__" "alignof" "offsetof"
  "extern" "inline" "register" "static" "mutable" "constexpr" "consteval" "constinit" "thread_local"] @keyword
[(storage_class_specifier) (type_qualifier) (alignas_qualifier) (virtual_specifier) (access_specifier)] @keyword

["#define" "#elif" "#elifdef" "#elifndef" "#else" "#endif" "#if" "#ifdef" "#ifndef" "#include" "defined"
  (preproc_directive)] @preprocessor
(preproc_ifdef name: (identifier) @constant)
[(attribute_declaration) (attribute_specifier)] @attribute

["!" "!=" "%" "%=" "&" "&&" "&=" "*" "*=" "+" "++" "+=" "-" "--" "-=" "->" "/" "/=" "<" "<<" "<<=" "<=" "<=>" "=" "=="
  ">" ">=" ">>" ">>=" "^" "^=" "|" "|=" "||" "~" "?" "and" "or" "not" "xor" "bitand" "bitor" "compl"] @operator
