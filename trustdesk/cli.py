"""The `trustdesk` command.

Exit codes: 0 done, 1 findings, 2 usage, 70 a fault of ours, 75 try again.
"""

from __future__ import annotations

import os
import sys
import traceback

COMMANDS = {
    "setup": "make keys, tables, roles and the rulebook of a new desk; safe to repeat",
    "run": "start the whole desk: web, worker, clocks and mail listener",
    "demo": "fill the desk with two weeks of a sample provider's life",
    "receive": "take in mails and reports from files, folders, mailboxes or standard input",
    "imap": "take reports out of a mailbox",
    "feed": "take in a file of findings that somebody publishes: CSV or JSON lines",
    "parse": "read mails and print what they claim; touches no database",
    "reread": "have reports read again that could not be read; only when told to",
    "tick": "look at the clocks once",
    "work": "do the tasks that are due",
    "retain": "say what retention keeps and what would go today; erases only when told to",
    "recount": "count running clocks again after a calendar changed; moves them only when told to",
    "verify": "replay the ledger and compare it with everything the desk holds",
    "publish": "make, check, sign and verify reports: weeks to quarters, the harmonised DSA report",
    "submit": "hand statements of reasons and notices to public registers; only when told to",
    "lake": "export facts to Parquet, say what is in them, hold them against the ledger",
    "rulebook": "check and show the law and the house policy",
    "clock": "compute one legal time limit",
    "user": "people, roles and API tokens",
    "inventory": "read customers, domains, prefixes and accounts from CSV",
}


def usage() -> str:
    """The overview that `trustdesk` alone prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text}" for name, text in COMMANDS.items()]
    return "usage: trustdesk COMMAND [options]\n\n" + "\n".join(lines) + "\n\n`trustdesk COMMAND --help` says more.\n"


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trustdesk.settings")
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        from trustdesk import __version__

        print(f"trustdesk {__version__}")
        return 0
    try:
        return run(arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit as leaving:
        if isinstance(leaving.code, int) or leaving.code is None:
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 2
    except Exception as error:
        return fault(error)


def run(arguments: list[str]) -> int:
    """Hand over to Django's command machinery; a CommandError carries its own exit code."""
    import django
    from django.core.management import CommandError, get_commands, load_command_class

    django.setup()
    name = arguments[0]
    if name not in get_commands():
        sys.stderr.write(f"trustdesk: there is no command {name!r}\n\n{usage()}")
        return 2
    app = get_commands()[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    parser = command.create_parser("trustdesk", name)
    try:
        options = vars(parser.parse_args(arguments[1:]))
    except CommandError as error:  # Django's parser says 1 for what is wrong usage
        sys.stderr.write(f"trustdesk {name}: {error}\n")
        return 2
    try:
        result = command.execute(*options.pop("args", ()), **options)
    except CommandError as error:
        sys.stderr.write(f"trustdesk {name}: {error}\n")
        return error.returncode if error.returncode in (1, 70, 75) else 2
    return int(result) if isinstance(result, int) else 0


def fault(error: Exception) -> int:
    """75 for what passes by itself (a locked or absent database, a full disk), else 70 with the trace."""
    from django.db import OperationalError

    from trustdesk.settings.desk import DeskError

    if isinstance(error, DeskError):
        sys.stderr.write(f"trustdesk: {error}\n")
        return 2
    if isinstance(error, OperationalError | OSError):
        sys.stderr.write(f"trustdesk: {type(error).__name__}: {error}\nNothing was lost; try again.\n")
        return 75
    traceback.print_exc()
    sys.stderr.write("trustdesk: this is a fault of ours; please report it with the lines above\n")
    return 70


if __name__ == "__main__":
    sys.exit(main())
