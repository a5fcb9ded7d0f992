"""The command line: arguments in, sentences out."""

import json
import os

import click

from shelf.errors import ShelfError
from shelf.library import Library
from shelf.store import open_store


@click.command()
@click.argument("title")
def main(title):
    """Lend the book called TITLE."""
    library = Library(open_store(os.environ["SHELF"]))
    try:
        loan = library.lend(title, "a friend")
    except ShelfError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(describe(loan)))


def describe(loan):
    """Return the loan as plain data."""
    return {"title": loan.book.title, "to": loan.to}
