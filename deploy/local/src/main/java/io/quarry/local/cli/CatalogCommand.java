package io.quarry.local.cli;

import picocli.CommandLine.Command;

/** Groups what is done with catalogs. */
@Command(
        name = "catalog",
        mixinStandardHelpOptions = true,
        description = "Works on feature catalogs.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExample:%n",
        footer = "  quarry catalog check deploy/demo/catalog.yaml")
final class CatalogCommand {}
