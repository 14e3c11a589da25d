# sfb.cloud_connector windows update
# Asks the update agent of this Windows what is missing, and downloads or installs what the caller has chosen by its ids.
# It decides nothing: which updates, in which order, and what a code means is known to the caller.
# Language: Windows PowerShell 4.0. The agent refuses to download and install for a logon that came over the network, so this runs
# as a scheduled task. It was never run on Windows: written from Microsoft's documentation of the Windows Update Agent API.
param($Request)

$updates = New-Object System.Collections.ArrayList
$failure = $null
$stage = 'begin'

function Get-Code($Value) { '0x{0:X8}' -f [int]$Value }

# What the agent says of one update. Whoever has to be asked, or wants to be alone, is told by its installation behavior.
function ConvertTo-Row($Update) {
    $kbs = New-Object System.Collections.ArrayList
    foreach ($number in $Update.KBArticleIDs) { [void]$kbs.Add([string]$number) }
    $categories = New-Object System.Collections.ArrayList
    foreach ($category in $Update.Categories) { [void]$categories.Add([string]$category.Name) }
    $classes = New-Object System.Collections.ArrayList
    foreach ($category in $Update.Categories) { [void]$classes.Add([string]$category.CategoryID) }
    [ordered]@{
        id = [string]$Update.Identity.UpdateID
        title = [string]$Update.Title
        kbs = $kbs.ToArray()
        categories = $categories.ToArray()
        classes = $classes.ToArray()
        size = [double]$Update.MaxDownloadSize
        downloaded = [bool]$Update.IsDownloaded
        installed = $false
        waits = [bool]$Update.RebootRequired
        asks = [bool]$Update.InstallationBehavior.CanRequestUserInput
        exclusive = ([int]$Update.InstallationBehavior.Impact -eq 2)
        restart = [int]$Update.InstallationBehavior.RebootBehavior
        result = $null
        code = $null
    }
}

# The outcome of one job of the agent, put beside the updates it was for.
function Set-Outcome($Rows, $Result) {
    for ($index = 0; $index -lt $Rows.Count; $index++) {
        $one = $Result.GetUpdateResult($index)
        $Rows[$index].result = [int]$one.ResultCode
        $Rows[$index].code = Get-Code $one.HResult
    }
}

try {
    $session = New-Object -ComObject Microsoft.Update.Session
    $session.ClientApplicationID = 'sfb.cloud_connector'
    $searcher = $session.CreateUpdateSearcher()
    $searcher.ServerSelection = [int]$Request.server
    $stage = 'search'
    $found = $searcher.Search('IsInstalled=0 and IsHidden=0')
    $chosen = New-Object -ComObject Microsoft.Update.UpdateColl
    $lacking = New-Object -ComObject Microsoft.Update.UpdateColl
    $chosenRows = New-Object System.Collections.ArrayList
    $lackingRows = New-Object System.Collections.ArrayList
    foreach ($update in $found.Updates) {
        $row = ConvertTo-Row $update
        [void]$updates.Add($row)
        if (@($Request.take) -notcontains $row.id) { continue }
        if (-not $update.EulaAccepted) { $update.AcceptEula() }
        [void]$chosen.Add($update)
        [void]$chosenRows.Add($row)
        if (-not $update.IsDownloaded) { [void]$lacking.Add($update); [void]$lackingRows.Add($row) }
    }
    if ($lacking.Count -gt 0) {
        $stage = 'download'
        $downloader = $session.CreateUpdateDownloader()
        $downloader.Updates = $lacking
        Set-Outcome $lackingRows ($downloader.Download())
        foreach ($row in $lackingRows) { $row.downloaded = (@(2, 3) -contains $row.result) }
    }
    if ($Request.install -and $chosen.Count -gt 0) {
        $stage = 'install'
        $ready = New-Object -ComObject Microsoft.Update.UpdateColl
        $readyRows = New-Object System.Collections.ArrayList
        for ($index = 0; $index -lt $chosen.Count; $index++) {
            if (-not $chosen.Item($index).IsDownloaded) { continue }
            [void]$ready.Add($chosen.Item($index))
            [void]$readyRows.Add($chosenRows[$index])
        }
        if ($ready.Count -gt 0) {
            $installer = $session.CreateUpdateInstaller()
            $installer.Updates = $ready
            Set-Outcome $readyRows ($installer.Install())
            foreach ($row in $readyRows) { $row.installed = (@(2, 3) -contains $row.result) }
        }
    }
    $stage = 'end'
}
catch {
    $fault = $_.Exception
    while ($null -ne $fault.InnerException) { $fault = $fault.InnerException }
    $failure = [ordered]@{ stage = $stage; code = (Get-Code $fault.HResult); message = [string]$fault.Message }
}

# Policy names the server of an organisation; without one it is Microsoft's.
$server = $null
$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
if (Test-Path -LiteralPath $policy) { $server = (Get-ItemProperty -LiteralPath $policy).WUServer }
$waits = $null
try { $waits = [bool](New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired } catch { $waits = $null }

$report = [ordered]@{ updates = $updates.ToArray(); waits = $waits; server = $server; failure = $failure }
$step = [ordered]@{ name = 'windows_update'; output = @($report); errors = @(); warnings = @(); thrown = $false; seconds = 0 }
$answer = [ordered]@{ protocol = 1; results = @($step); stopped = $null; prompts = @() }
"`n#cc-bridge# " + (ConvertTo-Json -InputObject $answer -Depth 9 -Compress)
