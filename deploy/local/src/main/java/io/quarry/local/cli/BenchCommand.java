package io.quarry.local.cli;

import picocli.CommandLine.Command;

/** Groups the measurements. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = "Measures.",
        synopsisSubcommandLabel = "COMMAND",
        footerHeading = "%nExample:%n",
        footer =
                "  quarry bench query -o json%n  quarry bench dispatch%n  quarry bench backlog%n  quarry bench restore%n  quarry bench recovery")
final class BenchCommand {}
