"""The terminal user interface: browse a tree, ask about it, see what the model will see.

`app` owns the screen and moves the panes; a pane shows one thing and tells the app what the person wants with a message
of `messages`. Whatever is asked of the index runs on the thread of a `desk`, never on that of the screen.
"""
