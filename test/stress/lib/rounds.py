"""Parts that all stresses in rounds share."""

JOIN_SECONDS_MAX = 300
SHOWN_MAX = 30
LINE_CHARACTERS_MAX = 300


def join_all(threads):
    """Waits for the threads; yields those that do not end."""
    for thread in threads:
        thread.join(JOIN_SECONDS_MAX)
        if thread.is_alive():
            yield f"{thread.name} does not end"


def show_failures(failures, repeat, server):
    """Prints what failed, and the end of the server's log. repeat is the setting that does the same again."""
    print(f"FAILED; {repeat} does the same again")
    for failure in failures[:SHOWN_MAX]:
        print(f"  {failure}")
    if len(failures) > SHOWN_MAX:
        print(f"  and {len(failures) - SHOWN_MAX} more")
    print("the end of the server's log:")
    for line in server.log_tail():
        print(f"  {line[:LINE_CHARACTERS_MAX]}")
