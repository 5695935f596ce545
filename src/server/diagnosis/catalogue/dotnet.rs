//! .NET: NuGet's errors by their code, the SDK's version.

use super::{Entry, Files, Rank};
use crate::model::{ErrorType, Verdict};

const NUGET: Entry = Entry {
    tool: "dotnet",
    rank: Rank::Cause,
    error_type: ErrorType::Dependency,
    files: Files::Here,
    confidence: 0.93,
    ..Entry::BASE
};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        id: "nuget.down",
        docs: Some("https://learn.microsoft.com/en-us/nuget/reference/errors-and-warnings/"),
        error_type: ErrorType::Other,
        verdict: Verdict::Flaky,
        pattern: r"error NU1301: .*(?:api\.nuget\.org|timed out|50\d \(|No such host|Name or service not known)",
        files: Files::None,
        confidence: 0.88,
        advice: Some("NuGet did not answer: deploy the same commit again {redeploy}."),
        samples: &[
            "/src/App.csproj : error NU1301: Unable to load the service index for source https://api.nuget.org/v3/index.json.",
        ],
        ..NUGET
    },
    Entry {
        id: "nuget.package",
        pattern: r"^(?P<file>\S+\.(?:cs|fs|vb)proj)(?:\(\d+,\d+\))? ?: error NU1\d{3}: ",
        samples: &[
            "/app/Shop.csproj : error NU1101: Unable to find package Acme.Cart. No packages exist with this id in source(s): nuget.org",
            "/app/Shop.csproj : error NU1605: Detected package downgrade: Acme.Core from 8.0.0 to 7.0.0.",
        ],
        ..NUGET
    },
    Entry {
        id: "dotnet.sdk",
        error_type: ErrorType::Config,
        pattern: r"(?:error NETSDK1045: |A compatible \.NET SDK was not found|Requested SDK version: )",
        files: Files::None,
        touches: &["global.json"],
        confidence: 0.9,
        samples: &["A compatible .NET SDK was not found.", "Requested SDK version: 8.0.100"],
        ..NUGET
    },
    Entry {
        id: "dotnet.no-project",
        docs: Some("https://learn.microsoft.com/en-us/visualstudio/msbuild/"),
        error_type: ErrorType::Config,
        verdict: Verdict::Config,
        pattern: r"error MSB10(?:03|09|11): ",
        files: Files::None,
        confidence: 0.88,
        advice: Some(
            "The build command looks for the project in the wrong folder: correct the build command {build} or the root directory {root}.",
        ),
        samples: &[
            "MSBUILD : error MSB1003: Specify a project or solution file. The current working directory does not contain a project or solution file.",
            "MSBUILD : error MSB1009: Project file does not exist.",
        ],
        ..NUGET
    },
    Entry {
        id: "dotnet.runtime",
        error_type: ErrorType::Config,
        pattern: r"(?:You must install or update \.NET to run|not possible to find any compatible framework version|error NETSDK1147: )",
        files: Files::None,
        touches: &["Dockerfile"],
        samples: &[
            "You must install or update .NET to run this application.",
            "/sdk/Microsoft.NET.Sdk.targets(144,5): error NETSDK1147: To build this project, the following workloads must be installed: wasm-tools [/app/Shop.csproj]",
        ],
        ..NUGET
    },
    Entry {
        id: "dotnet.fsharp",
        rank: Rank::Error,
        error_type: ErrorType::Build,
        pattern: r"^(?P<file>[^\s(]+\.\w+)\(\d+,\d+(?:,\d+,\d+)?\): error (?:FS|BC|RZ|BLAZOR)\d+: ",
        samples: &["Cart.fs(3,5): error FS0039: The value 'total' is not defined."],
        ..NUGET
    },
    Entry {
        id: "dotnet.exception",
        rank: Rank::Exception,
        error_type: ErrorType::Runtime,
        pattern: r"^Unhandled exception\. (?:\w+\.)+\w+",
        files: Files::None,
        confidence: 0.85,
        samples: &[
            "Unhandled exception. System.InvalidOperationException: Unable to find the required services.",
        ],
        ..NUGET
    },
];
