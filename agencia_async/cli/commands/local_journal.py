"""The journal of the commands that only read or write its file: they need neither a panel nor its key."""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from agencia_async import ConfigurationError
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.options import OutputOptions
from agencia_async.cli.panel_options import PanelOptions
from agencia_async.cli.panel_profiles import profile_names, read_profiles


@dataclass(frozen=True, kw_only=True)
class LocalJournal(JournalOption):
    """The options for the journal."""

    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=r"Profile of the configuration file whose journal is used. \[env: AGENCIA_PROFILE]",
            show_default=False,
            autocompletion=profile_names,
        ),
    ] = None

    @property
    def chosen(self) -> JournalOption:
        """The journal of the option, or else that of the profile or the environment.

        Raises:
            ConfigurationError: the profile that is named does not exist or is not valid, or the configuration
                cannot be read and nothing else names a journal.
        """
        option = JournalOption(journal=self.journal)
        if self.journal:
            return option
        try:
            return PanelOptions(profile=self.profile).journal_of(option)
        except ConfigurationError:
            if self.profile or os.environ.get("AGENCIA_PROFILE"):
                raise
        if not option.is_named:
            read_profiles()  # it cannot be read; else it only has no default profile, which is not needed
        return option

    def keep_off(self, output: OutputOptions) -> None:
        """Check that the output would overwrite neither a journal nor the key of the profile.

        Raises:
            UsageError: it would.
        """
        output.keep_off(self.chosen.file, "journal")
        panel = PanelOptions(profile=self.profile)
        try:
            key, journal = panel.key_path, panel.journal_of(JournalOption()).named_file
        except ConfigurationError:  # no profile is used, and none is needed
            return
        output.keep_off(key, "API key")
        output.keep_off(journal, "journal")
