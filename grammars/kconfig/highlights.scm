; What the source view colours in Kconfig. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
(string) @string
(help_text (text) @comment)
(symbol) @constant
(config name: (name (symbol) @definition))
(menuconfig name: (name (symbol) @definition))
[(macro_variable) (macro_content)] @property

["config" "menuconfig" "choice" "comment" "menu" "mainmenu" "endmenu" "source" "osource" "rsource" "orsource"] @preprocessor
["if" "endif" "depends on" "select" "imply" "default" "prompt" "range" "visible if" "help" "def_bool" "def_tristate"
  "def_int" "def_hex" "def_string"] @keyword
["bool" "tristate" "int" "hex" "string"] @type

["!" "!=" "&&" "||" "=" "<" "<=" ">" ">=" "+=" ":="] @operator
