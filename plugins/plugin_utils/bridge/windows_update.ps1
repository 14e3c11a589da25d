# sfb.cloud_connector windows update
# Asks the update agent of this Windows what is missing, and downloads or installs what the caller has chosen by its ids.
# It decides nothing: which updates, in which order, and what a code means is known to the caller. What gives nothing is voided all
# the same: an object of COM may give null, and String.Join of .NET makes nothing of a list that begins with null.
# Language: Windows PowerShell 4.0. The agent refuses to download and install for a logon that came over the network, so this runs
# as a scheduled task. It was never run on Windows: written from Microsoft's documentation of the Windows Update Agent API.
param($Request)

$updates = New-Object System.Collections.ArrayList
$warnings = New-Object System.Collections.ArrayList
$failure = $null
$restart = $false
$stage = 'begin'

function Get-Code($Value) { '0x{0:X8}' -f [int]$Value }

# PowerShell wraps what a COM object fails with.
function Get-Cause($Caught) {
    $fault = $Caught.Exception
    while ($null -ne $fault.InnerException) { $fault = $fault.InnerException }
    $fault
}

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
        optional = [bool]$Update.BrowseOnly
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
    # 2: it succeeded; 3: with errors, so that something may be missing. Any other result comes without an exception, too.
    foreach ($warning in $found.Warnings) { [void]$warnings.Add((Get-Code $warning.HResult) + ' ' + $warning.Message) }
    if (@(2, 3) -notcontains [int]$found.ResultCode) { throw ('the search ended with the result ' + [int]$found.ResultCode) }
    if ([int]$found.ResultCode -eq 3 -and $warnings.Count -eq 0) { [void]$warnings.Add('without a code') }
    $chosen = New-Object -ComObject Microsoft.Update.UpdateColl
    $lacking = New-Object -ComObject Microsoft.Update.UpdateColl
    $chosenRows = New-Object System.Collections.ArrayList
    $lackingRows = New-Object System.Collections.ArrayList
    foreach ($update in $found.Updates) {
        $row = ConvertTo-Row $update
        [void]$updates.Add($row)
        if (@($Request.take) -notcontains $row.id) { continue }
        # One whose terms cannot be accepted is no reason to leave the others out.
        try { if (-not $update.EulaAccepted) { [void]$update.AcceptEula() } }
        catch { $row.result = 4; $row.code = Get-Code (Get-Cause $_).HResult; continue }
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
            # Nobody is there who could put a medium in.
            $installer.AllowSourcePrompts = $false
            $installed = $installer.Install()
            Set-Outcome $readyRows $installed
            $restart = [bool]$installed.RebootRequired
            foreach ($row in $readyRows) { $row.installed = (@(2, 3) -contains $row.result) }
        }
    }
    $stage = 'end'
}
catch {
    $fault = Get-Cause $_
    $failure = [ordered]@{ stage = $stage; code = (Get-Code $fault.HResult); message = [string]$fault.Message }
}

# Policy names the server of an organisation, and says beside whether it is asked at all; else it is Microsoft's.
$server = $null
$policy = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate'
if (Test-Path -LiteralPath "$policy\AU") {
    if ((Get-ItemProperty -LiteralPath "$policy\AU").UseWUServer -eq 1) { $server = (Get-ItemProperty -LiteralPath $policy).WUServer }
}
$waits = $null
try { $waits = [bool](New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired -or $restart } catch { if ($restart) { $waits = $true } }

$report = [ordered]@{ updates = $updates.ToArray(); waits = $waits; server = $server; failure = $failure }
$step = [ordered]@{ name = 'windows_update'; output = @($report); errors = @(); warnings = $warnings.ToArray(); thrown = $false; seconds = 0 }
$answer = [ordered]@{ protocol = 1; results = @($step); stopped = $null; prompts = @() }
"`n#cc-bridge# " + (ConvertTo-Json -InputObject $answer -Depth 9 -Compress)
