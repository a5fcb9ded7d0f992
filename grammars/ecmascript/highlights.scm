; What the source view colours in JavaScript and TypeScript alike; both use it before their own.

[(comment) (html_comment) (hash_bang_line)] @comment
[(string) (template_string) (regex)] @string
(regex "/" @string)
(escape_sequence) @escape
(template_substitution) @plain
(template_substitution ["${" "}"] @escape)
(number) @number
[(true) (false) (null) (undefined)] @constant
(identifier) @constant.upper
(identifier) @type.capital

[(property_identifier) (shorthand_property_identifier) (private_property_identifier)] @property
(statement_identifier) @label

(call_expression function: (identifier) @function)
(call_expression function: (member_expression property: (property_identifier) @function))
(new_expression constructor: (identifier) @type)
(function_declaration name: (identifier) @definition)
(generator_function_declaration name: (identifier) @definition)
(function_expression name: (identifier) @definition)
(method_definition name: (property_identifier) @definition)
(class_declaration name: (_) @definition)
(variable_declarator name: (identifier) @definition value: [(arrow_function) (function_expression) (class)])
(decorator) @attribute

["as" "async" "await" "break" "case" "catch" "class" "const" "continue" "debugger" "default" "delete" "do" "else"
  "export" "extends" "finally" "for" "from" "function" "get" "if" "import" "in" "instanceof" "let" "new" "of" "return"
  "set" "static" "switch" "throw" "try" "typeof" "var" "void" "while" "with" "yield"] @keyword
[(this) (super)] @keyword

["!" "!=" "!==" "%" "%=" "&" "&&" "&&=" "&=" "*" "**" "**=" "*=" "+" "++" "+=" "-" "--" "-=" "..." "/" "/=" "<" "<<"
  "<<=" "<=" "=" "==" "===" "=>" ">" ">=" ">>" ">>=" ">>>" ">>>=" "?" "??" "??=" "^" "^=" "|" "|=" "||" "||=" "~"] @operator
