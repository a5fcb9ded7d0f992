; What the source view colours in Python. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
(string) @string
(escape_sequence) @escape
(interpolation) @plain
(interpolation ["{" "}"] @escape)
[(integer) (float)] @number
[(true) (false) (none) (ellipsis)] @constant
(identifier) @constant.upper
(identifier) @type.capital

(attribute attribute: (identifier) @property)
(keyword_argument name: (identifier) @property)
(call function: (identifier) @function)
(call function: (attribute attribute: (identifier) @function))
(type (identifier) @type)
(type (subscript (identifier) @type))
(type (binary_operator (identifier) @type))
(type (generic_type (identifier) @type))
(function_definition name: (identifier) @definition)
(class_definition name: (identifier) @definition)
(decorator) @attribute

["as" "assert" "async" "await" "break" "class" "continue" "def" "del" "elif" "else" "except" "finally" "for"
  "from" "global" "if" "import" "lambda" "nonlocal" "pass" "raise" "return" "try" "while" "with" "yield" "match" "case"
  "and" "in" "is" "not" "or" "is not" "not in"] @keyword

["!=" "%" "%=" "&" "&=" "*" "**" "**=" "*=" "+" "+=" "-" "-=" "->" "/" "//" "//=" "/=" ":=" "<" "<<" "<<=" "<=" "="
  "==" ">" ">=" ">>" ">>=" "@=" "^" "^=" "|" "|=" "~"] @operator
